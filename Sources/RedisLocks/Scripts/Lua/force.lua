-- Takes the lock away from whoever holds it, tells that client if it is one of ours, and hands the lock to the first waiter.
-- KEYS  lock, fence, waiters, queue
-- Returns {kind, value}: what was there
-- @include queue.lua

local kind, value = look()
if kind ~= 'none' then
    call('DEL', lock)
    local channel = channel_of(value)
    if channel then
        call('PUBLISH', channel, 'revoked ' .. owner_of(value))
    end
end
hand_over()
return { kind, value }
