//! What a program of others may do when it is given what strangers sent: read its libraries, read and write the folder it
//! works in, and nothing else. No sockets, no other files, no signals, whatever is wrong with it.
//!
//! The program starts itself as a launcher, which takes these rights from itself and then becomes the other program. The
//! kernel enforces it: Landlock for files (Linux 5.13 or later), seccomp for system calls. A container may refuse both.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The subcommand of the launcher: `sandboxed PROGRAM COMMAND ARGUMENTS…`.
pub const SUBCOMMAND: &str = "sandboxed";

/// The exit status of a launcher that could not become the other program: a shell's for what it cannot execute.
pub const REFUSED: u8 = 126;

/// This program as the launcher, also when its file was replaced since it started.
#[must_use]
pub fn own_program() -> PathBuf {
    let running = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    if running.exists() { running } else { std::env::current_exe().unwrap_or(running) }
}

/// Tries a launcher with a command that does nothing.
///
/// # Errors
/// Why there is no sandbox here.
pub fn check(launcher: &Path) -> Result<(), String> {
    let mut command = Command::new(launcher);
    command.args([SUBCOMMAND, "/bin/sh", "/bin/sh", "-c", "exit 0"]).env_clear().stdin(Stdio::null());
    let tried = command.output().map_err(|error| format!("{} cannot be started: {error}", launcher.display()))?;
    if tried.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
    Err(if said.is_empty() { "the launcher ended without a word".to_owned() } else { said })
}

/// Enters the sandbox and becomes a command, for a program that may be read and executed beside the system's own, in the
/// folder where this process is. Returns only when that cannot be done, and says why.
#[must_use]
#[cfg(target_os = "linux")]
pub fn become_sandboxed(program: &Path, command: &[String]) -> String {
    use std::os::unix::process::CommandExt;
    let Some((first, arguments)) = command.split_first() else { return "there is no command".to_owned() };
    if let Err(error) = linux::enter(program) {
        return format!("this kernel refuses the sandbox: {error}");
    }
    format!("{first} cannot be started: {}", Command::new(first).args(arguments).exec())
}

/// There is no sandbox on other systems.
#[must_use]
#[cfg(not(target_os = "linux"))]
pub fn become_sandboxed(_program: &Path, _command: &[String]) -> String {
    "there is a sandbox on Linux only".to_owned()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::error::Error;
    use std::path::Path;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        Scope, make_bitflags, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };

    /// Where systems have their programs and libraries, and where the loader looks them up. None of it is secret.
    const SYSTEM: [&str; 12] = [
        "/usr",
        "/bin",
        "/lib",
        "/lib32",
        "/lib64",
        "/nix/store",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/ld.so.preload",
        "/dev/zero",
        "/dev/urandom",
    ];

    /// Takes from this thread, and from what it becomes, everything that a decoder does not need.
    pub(super) fn enter(program: &Path) -> Result<(), Box<dyn Error>> {
        restrict_files(program)?;
        Ok(seccompiler::apply_filter(&without_calls()?)?)
    }

    /// Nothing but these files. What later kernels can refuse besides (TCP, signals) they refuse; what the first cannot
    /// (truncating by name) the filter of system calls does.
    fn restrict_files(program: &Path) -> Result<(), Box<dyn Error>> {
        let own: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
            ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir
        });
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V4))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, AccessFs::from_read(ABI::V1)))?
            .add_rules(path_beneath_rules([program], AccessFs::Execute | AccessFs::ReadFile))?
            .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?
            .add_rules(path_beneath_rules(["."], own))?
            .restrict_self()?;
        Ok(())
    }

    /// System calls that fail with `EPERM`. `io_uring` would do the others unseen.
    const REFUSED: &[i64] = &[
        // Sockets.
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        // What changes files by name without opening them.
        libc::SYS_truncate,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        SYS_FCHMODAT2,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_utimensat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
        // Other processes of the same user.
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_tgkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_kcmp,
        libc::SYS_setpriority,
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_msgget,
        libc::SYS_semget,
        libc::SYS_mq_open,
        // The kernel's own wide doors.
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
    ];

    /// `fchmodat2` of Linux 6.6: the same number everywhere.
    const SYS_FCHMODAT2: i64 = 452;

    #[cfg(target_arch = "x86_64")]
    const OLDER: &[i64] =
        &[libc::SYS_chmod, libc::SYS_chown, libc::SYS_lchown, libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat];
    #[cfg(not(target_arch = "x86_64"))]
    const OLDER: &[i64] = &[];

    /// The second numbers of calls on x86-64 (x32), where a kernel has them.
    const X32: i64 = 0x4000_0000;

    fn without_calls() -> Result<BpfProgram, Box<dyn Error>> {
        let calls = REFUSED.iter().chain(OLDER).flat_map(|call| [*call, *call | X32]);
        let mut rules: BTreeMap<_, _> = calls.map(|call| (call, vec![])).collect();
        // Its own limits are set with this one.
        let of_another = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
        for call in [libc::SYS_prlimit64, libc::SYS_prlimit64 | X32] {
            rules.insert(call, vec![SeccompRule::new(vec![of_another.clone()])?]);
        }
        let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, std::env::consts::ARCH.try_into()?)?;
        Ok(filter.try_into()?)
    }
}
