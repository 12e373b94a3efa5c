// What people do by the page: asked for, confirmed with a reason, sent, and told.

import { below, find, keyed, make } from './elements.mjs'
import { ACTIONS } from './words.mjs'

/** The buttons of what may be done with a flag. Once it is done, the document hears `changed`. */
export function buttons(flag) {
  const row = make('div', { class: 'actions' })
  row.update = ({ key, may }) => {
    keyed(
      row,
      may,
      (what) => what,
      (what) => {
        const button = make('button', {
          type: 'button',
          class: what,
          text: ACTIONS[what][0],
          'aria-label': `${ACTIONS[what][0]}: ${key}`,
          onclick: () => ask(what, key),
        })
        button.update = () => {}
        return button
      },
    )
  }
  row.update(flag)
  return row
}

let asked
function ask(what, flag) {
  asked = { what, flag }
  const [name, effect] = ACTIONS[what]
  find('question').replaceChildren(`${name}: `, make('code', { text: flag }))
  find('effect').textContent = effect
  find('problem').textContent = ''
  find('why').value = ''
  find('who').value = localStorage.getItem('who') ?? ''
  const confirm = find('confirm')
  confirm.textContent = `${name}, now`
  confirm.className = what
  confirm.disabled = false
  find('dialog').showModal()
  find('why').focus()
}

find('cancel').addEventListener('click', () => find('dialog').close())
find('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const who = find('who').value
  const confirm = find('confirm')
  confirm.disabled = true
  localStorage.setItem('who', who)
  try {
    const body = JSON.stringify({ ...asked, who, why: find('why').value })
    const response = await fetch(below('actions'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(text.trim())
    const { what, flag, who: by, why, when, sequence } = JSON.parse(text)
    say(`Change ${sequence}, ${when}: ${by} did “${what}” to ${flag}, since “${why}”.`)
    find('dialog').close()
    document.dispatchEvent(new Event('changed'))
  } catch (error) {
    find('problem').textContent = `Not done: ${error.message}.`
    confirm.disabled = false
  }
})

let silence
function say(text) {
  const done = find('done')
  done.textContent = text
  done.classList.add('is-said')
  clearTimeout(silence)
  silence = setTimeout(() => done.classList.remove('is-said'), 8_000)
}
