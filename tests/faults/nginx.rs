//! nginx, as the README sets it up, before two processes.

use std::process::{Child, Command, Stdio};

use crate::kit::program::free_address;
use crate::kit::{Folder, Front, PATIENCE, eventually};

/// nginx until it is dropped.
pub struct Nginx {
    /// How it is reached.
    pub front: Front,
    running: Child,
    _folder: Folder,
}

impl Nginx {
    /// One before these.
    pub async fn before(fronts: &[Front; 2]) -> Self {
        let (folder, address) = (Folder::fresh(), free_address());
        let [first, second] = fronts.each_ref().map(|front| front.address);
        let config = format!(
            "daemon off;\nworker_processes 1;\nworker_rlimit_nofile 16000;\npid nginx.pid;\nerror_log error.log;
            events {{ worker_connections 8000; }}
            http {{
                access_log off;
                client_body_temp_path body; proxy_temp_path proxy;
                fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                upstream photograph {{ server {first}; server {second}; }}
                server {{
                    listen {address};
                    location / {{
                        proxy_pass http://photograph;
                        proxy_http_version 1.1;
                        proxy_set_header Host $http_host;
                        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                        proxy_set_header X-Forwarded-Proto https;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection upgrade;
                        proxy_next_upstream error timeout http_503;
                    }}
                }}
            }}"
        );
        std::fs::write(folder.0.join("nginx.conf"), config).expect("a file in the folder");
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(&folder.0).args(["-c", "nginx.conf", "-e", "error.log"]);
        let running = nginx.stdin(Stdio::null()).spawn().expect("nginx starts");
        let front = Front::at(address);
        let listens = async || {
            let answer = front.client.get(front.url("/livez")).send().await;
            answer.is_ok_and(|answer| answer.status().is_success()).then_some(())
        };
        eventually("nginx listens", PATIENCE, listens).await;
        Self { front, running, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its master ends its worker when it is asked to, not when it is killed.
        let _ = Command::new("kill").args(["-TERM", &self.running.id().to_string()]).status();
        let _ = self.running.wait();
    }
}
