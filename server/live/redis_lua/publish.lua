-- Numbers an event, keeps it for those who resume, and tells every node that listens. The same id is told once.
local id, event, keep = ARGV[3], ARGV[4], tonumber(ARGV[5])
local known = redis.call('ZSCORE', seen, id)
if known then
  return {epoch, tonumber(known)}
end
local offset = redis.call('HINCRBY', meta, 'offset', 1)
local number = string.format('%.0f', offset)
redis.call('XADD', stream, 'MAXLEN', '~', keep, number .. '-0', 'event', event)
redis.call('ZADD', seen, number, id)
redis.call('ZREMRANGEBYSCORE', seen, '-inf', offset - keep)
redis.call('PEXPIRE', stream, ttl_ms)
redis.call('PEXPIRE', seen, ttl_ms)
redis.call('PUBLISH', topic, '=' .. epoch .. ' ' .. number .. ' ' .. event)
return {epoch, offset}
