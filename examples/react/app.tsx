import { useFlag } from '@openfeature/react-sdk';

/** The whole page: rendered on the server, hydrated in the browser, with the same flags. */
export function App() {
  const { value: onePage } = useFlag('new-checkout', false);
  const { variant: theme } = useFlag('theme', {});
  return (
    <div data-theme={theme ?? 'light'} className="page">
      <header>Small shop</header>
      <main>
        <h1>Your cart</h1>
        <ul className="cart">
          <li>
            Teapot, 1 litre <span>€ 24.00</span>
          </li>
          <li>
            Assam, 250 g <span>€ 11.50</span>
          </li>
        </ul>
        {onePage ? <OnePage /> : <Steps />}
      </main>
    </div>
  );
}

const Steps = () => (
  <section data-variant="control">
    <h2>Checkout, step 1 of 3</h2>
    <p>Where do we send it?</p>
    <a className="button" href="/checkout/address">
      Address
    </a>
  </section>
);

const OnePage = () => (
  <section data-variant="treatment">
    <h2>Checkout on one page</h2>
    <p>Address, payment and order in one go.</p>
    <a className="button" href="/checkout/">
      Order for € 35.50
    </a>
  </section>
);
