// A page that has its flags from OpenFeature's own provider for OFREP. `?edge=` is the edge, if the page lies elsewhere, `?user=` who
// the visitor is, where no cookie says so.

import { OFREPWebProvider } from '@openfeature/ofrep-web-provider'
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk'

const asked = new URLSearchParams(location.search)
const user = asked.get('user')
const client = OpenFeature.getClient()

const show = () => {
  const { variant, errorCode } = client.getBooleanDetails('new-checkout', false)
  document.body.dataset.variant = variant ?? errorCode ?? 'none'
}
client.addHandler(ProviderEvents.Ready, show)
client.addHandler(ProviderEvents.ConfigurationChanged, show)

void OpenFeature.setContext(user ? { targetingKey: user } : {})
OpenFeature.setProvider(new OFREPWebProvider({ baseUrl: asked.get('edge') ?? location.origin, cacheMode: 'disabled' }))
