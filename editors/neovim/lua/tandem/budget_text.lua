--- Where the limits stand (`tandem/budget`), as lines with bars. Pure.
local plain = require('tandem.plain').line

local M = {}

--- Cells of a bar.
local CELLS = 24
--- Shares of a limit from which its bar warns.
local HIGH, FULL = 0.75, 0.95

local function bar_group(share)
  return share >= FULL and 'TandemBarFull' or share >= HIGH and 'TandemBarHigh' or 'TandemBar'
end

--- How long until then, in the two largest units: `3 d 4 h`.
--- @param seconds number
function M.duration(seconds)
  local minutes = math.max(0, math.ceil(seconds / 60))
  local days, hours = math.floor(minutes / 1440), math.floor(minutes % 1440 / 60)
  if days > 0 then
    return ('%d d %d h'):format(days, hours)
  elseif hours > 0 then
    return ('%d h %d min'):format(hours, minutes % 60)
  end
  return ('%d min'):format(minutes)
end

--- @param budget table
--- @param now integer seconds since 1970
--- @return string[] lines
--- @return tandem.Mark[] marks
function M.render(budget, now)
  local lines, marks = {}, {}
  if budget.isOff then
    table.insert(lines, budget.isOff)
    table.insert(marks, { line = 1, from = 0, to = -1, group = 'TandemWarning' })
    table.insert(lines, '')
  end
  if budget.provider then
    table.insert(lines, ('Asked: %s %s'):format(budget.provider, budget.model or ''))
  end
  local today = budget.today
  if today then
    local said = ('Today: %s, %d tokens, %d questions'):format(today.cost, today.tokens or 0, today.questions or 0)
    if today.suggestions then
      said = ('%s, %d suggestions for %s'):format(said, today.suggestions, today.suggestionsCost or '?')
    end
    table.insert(lines, said)
  end
  for _, limit in ipairs(budget.limits or {}) do
    local share = math.max(0, math.min(1, limit.share or 0))
    -- What is spent is seen, however little it is.
    local used = math.ceil(share * CELLS)
    table.insert(lines, '')
    table.insert(lines, limit.name)
    table.insert(marks, { line = #lines, from = 0, to = -1, group = 'TandemTitle' })
    local full, free = ('█'):rep(used), ('░'):rep(CELLS - used)
    table.insert(lines, ('%s%s %3.0f %%'):format(full, free, share * 100))
    table.insert(marks, { line = #lines, from = 0, to = #full, group = bar_group(share) })
    table.insert(marks, { line = #lines, from = #full, to = #full + #free, group = 'TandemBarFree' })
    local said = ('%s of %s, %s left'):format(limit.spent, limit.limit, limit.left)
    if limit.reserved then
      said = ('%s, %s of it reserved'):format(said, limit.reserved)
    end
    if limit.resetsAt then
      said = ('%s, begins again in %s'):format(said, M.duration(limit.resetsAt - now))
    end
    table.insert(lines, said)
  end
  if #(budget.limits or {}) == 0 then
    table.insert(lines, 'No limit is set.')
  end
  return vim.tbl_map(plain, lines), marks
end

return M
