//! What Redis does to timelines as a whole or not at all. Each text is short: it is sent with every call.

/// Takes the place of what is not of this life with a head that says that it is being built. 1 when it did.
///
/// `ARGV`: the life, the head, seconds.
pub(super) const BEGIN: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) == ARGV[1] then return 0 end \
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1";

/// Writes what was built before what came meanwhile, if the head is still that of this build.
///
/// `ARGV`: the start of the head, head and entries, seconds.
pub(super) const FINISH: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then return false end \
local all = ARGV[2] .. redis.call('GETRANGE', KEYS[1], 24, -1) \
redis.call('SET', KEYS[1], all, 'EX', ARGV[3]) return all";

/// Adds an entry to all that are there. One that is too long was not read for long, and goes.
///
/// `ARGV`: the entry, the greatest length.
pub(super) const PUSH: &str = "\
local call, entry, most = redis.call, ARGV[1], tonumber(ARGV[2]) \
for i = 1, #KEYS do \
local key = KEYS[i] local length = call('STRLEN', key) \
if length >= most then call('UNLINK', key) elseif length > 0 then call('APPEND', key, entry) end \
end";

/// Writes in place of what was read, if nothing came since.
///
/// `ARGV`: the start of the head that was read, the length that was read, head and entries, seconds.
pub(super) const TRIM: &str = "\
if redis.call('STRLEN', KEYS[1]) == tonumber(ARGV[2]) and redis.call('GETRANGE', KEYS[1], 0, 15) == ARGV[1] then \
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4]) end";
