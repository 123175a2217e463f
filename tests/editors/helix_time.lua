--- How long Helix waits for its menu: code typed at a person's pace into an unmodified Helix, and the time between each
--- request for completion and its answer, by Helix's own log. Not a test: it asserts nothing of time, and runs only
--- when it is named: `EDITOR_TEST_DRIVERS=helix_time tests/editors/run.sh target/release/tandem`. docs/benchmarks.md
--- has the figures.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local Helix = require('helix_editor')

--- ms between two keys.
local PACE = tonumber(vim.env.EDITOR_TEST_PACE_MS) or 120

--- What is typed below orders.py, each line at the indentation of a method's body; `^X` asks by key.
local LINES = {
  'def refuse(self) -> None:',
  'if self.status == ^X"sent":',
  'raise ValueError(^X"a sent order cannot be refused")',
  'self.status = ^X"refused"',
  'self.audit.rec^Xord(self.order_id, self.customer, self.status)',
  'entries = [^Xentry for entry in self.audit.entries if entry.^Xstatus == self.status]',
  'for entry in self.^Xaudit.entries:',
  'print(entry.^Xorder_id, entry.customer)',
  'return ^XNone',
  'order = Order(^Xorder_id=1, customer="Ann", audit=Audit^XTrail())',
}

--- ms since midnight of a line of the log.
local function time(line)
  local hour, minute, second = line:match('T(%d+):(%d+):([%d.]+) ')
  return ((hour * 60 + minute) * 60 + second) * 1000
end

--- ms of every answered request for completion, in ascending order.
local function waits(log)
  local asked, found = {}, {}
  for line in log:gmatch('[^\n]+') do
    local direction, message = line:match('tandem ([<-]%-?>?) ({.*)$')
    local id = message and message:match('"id":(%d+)')
    if direction == '->' and message:find('"method":"textDocument/completion"', 1, true) then
      asked[id] = time(line)
    elseif direction == '<-' and id and asked[id] and not message:find('"method"', 1, true) then
      table.insert(found, time(line) - asked[id])
      asked[id] = nil
    end
  end
  table.sort(found)
  return found
end

--- ms between receipt and answer by the server's own clock, as its status told them, in ascending order.
local function own_times(log)
  local found = {}
  for number in log:gmatch('"method":"tandem/status"[^\n]-"lastLatencyMs":([%d.]+)') do
    -- The status is told of other things, too.
    if found[#found] ~= tonumber(number) then
      table.insert(found, tonumber(number))
    end
  end
  table.sort(found)
  return found
end

local function at(found, part)
  return found[math.max(1, math.ceil(part * #found))]
end

local function measure(name, settings)
  check.case('typing with ' .. name, function()
    settings.TANDEM_COMPLETION_EAGERNESS = 'high'
    local helix = Helix.start('time-' .. name, settings, 'orders.py', { languages = { 'python' } })
    helix:attached()
    if settings.TANDEM_ENGINE_CHOICE ~= 'lookup' then
      check.wait('the model', function()
        return helix:log():find('"state":"ready"', 1, true)
      end)
    end
    for _, line in ipairs(LINES) do
      helix.terminal:press('g', 'e', 'o')
      helix.terminal:wait_for(' INS ')
      for text in (line .. '^X'):gmatch('(.-)%^X') do
        for character in text:gmatch('.') do
          helix.terminal:type(character)
          vim.wait(PACE)
        end
        helix.terminal:press('C-x')
        vim.wait(PACE * 4)
      end
      -- The menu, and then insert mode.
      helix.terminal:press('Escape')
      helix:normal()
    end
    local found = waits(helix:log())
    check.truthy(#found > #LINES, #found .. ' answers')
    local share = #vim.tbl_filter(function(wait)
      return wait <= 200
    end, found) / #found
    local figures = '%s: %d requests; median %.0f ms, p95 %.0f ms, longest %.0f ms; %.1f %% within 200 ms'
    check.note(figures, name, #found, at(found, 0.5), at(found, 0.95), found[#found], share * 100)
    local own = own_times(helix:log())
    figures = "%s: by the server's own clock, %d of them: median %.1f ms, p95 %.1f ms"
    check.note(figures, name, #own, at(own, 0.5), at(own, 0.95))
    helix:quit()
  end)
end

measure('lookup', { TANDEM_ENGINE_CHOICE = 'lookup' })
measure('starter', {})
check.finish()
