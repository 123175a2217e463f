--- How fast a suggestion stands in Helix's menu, and how much of that is the server's. Started by
--- measure.sh; the figures stand in docs/benchmarks.md. The screen is looked at every few milliseconds, so a figure may
--- be that much too high.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local measured = require('measured')
local Terminal = require('terminal')

local folder = measured.record('measure-helix')
local environment, workspace = scratch.home('measure-helix', { TANDEM_COMPLETION_EAGERNESS = '100' })
scratch.write(
  environment.XDG_CONFIG_HOME .. '/helix/languages.toml',
  scratch.snippet('editors/helix/README.md', 'toml')
)
local terminal = Terminal.start('measure-helix', { scratch.editors .. '/bin/hx', 'orders.py' }, environment, workspace)

--- Whether a menu is open: a row that ends in the kind of an item.
local function menu(screen)
  for row in vim.gsplit(screen, '\n', { plain = true }) do
    if
      row:find('%f[%w]text%s*$')
      or row:find('%f[%w]snippet%s*$')
      or row:find(' text ', 1, true)
      or row:find(' snippet ', 1, true)
    then
      return true
    end
  end
end

check.case('key press to the menu', function()
  terminal:wait_for(' NOR ')
  check.wait('the handshake', function()
    return #measured.requests(folder, 'initialize') > 0 and measured.requests(folder, 'initialize')[1].answered
  end)
  local samples, passed = {}, 0
  for sample = 1, measured.samples * 2 do
    if #samples >= measured.samples then
      break
    end
    local typed = measured.beginnings[(sample - 1) % #measured.beginnings + 1]
    terminal:press('g', 'e', 'o')
    terminal:wait_for(' INS ')
    terminal:type(('# step %d'):format(sample))
    terminal:press('Escape')
    terminal:wait_for(' NOR ')
    terminal:press('o')
    terminal:wait_for(' INS ')
    local before = #measured.requests(folder, 'textDocument/completion')
    -- The last key comes alone, when the others stand there and nothing has been asked for them yet.
    terminal:type(typed:sub(1, -2))
    local key = measured.now()
    terminal:type(typed:sub(-1))
    local shown
    vim.wait(3000, function()
      shown = menu(terminal:screen()) and measured.now()
      return shown
    end, 1)
    local requests = measured.requests(folder, 'textDocument/completion')
    local last = requests[#requests]
    if shown and #requests > before and last.answered and last.asked < shown then
      table.insert(samples, { key = key, shown = shown, asked = last.asked, answered = last.answered })
    else
      passed = passed + 1
    end
    terminal:press('Escape')
    terminal:press('Escape')
    terminal:wait_for(' NOR ')
  end
  check.truthy(
    #samples >= math.min(50, measured.samples),
    ('only %d samples, %d without a menu'):format(#samples, passed)
  )
  measured.tell('Helix', samples)
end)

terminal:type(':quit!')
terminal:wait_for(':quit!')
terminal:press('Enter')
scratch.wait_until_gone(environment)
terminal:close()
check.finish()
