-- Opens a channel: `epoch` and `top` (its last offset). Put before each of the other scripts.
--
-- An epoch ends when the channel was emptied or evicted, and also when Redis restarted or failed over: then the last
-- second of writes may be missing, and an offset that a page has seen could be given out once more.
local meta, stream, seen, topic = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local fresh, ttl_ms = ARGV[1], ARGV[2]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local found = redis.call('HMGET', meta, 'epoch', 'offset', 'run')
local epoch, top = found[1], tonumber(found[2])
if not epoch or found[3] ~= run then
  redis.call('DEL', stream, seen)
  epoch, top = fresh, 0
  redis.call('HSET', meta, 'epoch', epoch, 'offset', '0', 'run', run)
end
redis.call('PEXPIRE', meta, ttl_ms)
