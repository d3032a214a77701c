"""What an account holds and is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from tacore.execution.desk.book import worth
from tacore.execution.desk.config import Account
from tacore.execution.desk.prices import Place, Priced
from tacore.model.orders import Position
from tacore.ports.orders import AccountView, Held


@dataclass(slots=True)
class _Sum:
    """A sum in the base currency that is None once a part of it has no price or no rate."""

    total: Decimal | None = Decimal(0)

    def add(self, amount: Decimal | None, rate: Decimal | None) -> None:
        if amount == 0:
            return
        if amount is None or rate is None:
            self.total = None
        elif self.total is not None:
            self.total += amount * rate


@dataclass(slots=True)
class Valuation:
    """Values an account by the prices that were found."""

    account: Account
    prices: Mapping[Place, Priced]
    warnings: list[str] = field(default_factory=list)

    def held(self, position: Position) -> Held:
        """Value one position."""
        priced = self.prices.get((position.market, position.symbol))
        quote = priced.quote if priced else None
        if quote is None or priced is None:
            if position.quantity:
                why = priced.problem.message if priced and priced.problem else "there is no price"
                self.warnings.append(f"{position.symbol} is not valued: {why}")
                return Held(position=position)
            return Held(position=position, value=Decimal(0), unrealised_pnl=Decimal(0))
        if priced.stale and position.quantity:
            self.warnings.append(f"{position.symbol} is valued by a stale price of {quote.as_of.isoformat()}")
        return Held(
            position=position,
            price=quote.price,
            value=position.quantity * quote.price,
            unrealised_pnl=position.quantity * (quote.price - position.average_price),
            as_of=quote.as_of,
            source=quote.source,
            simulated=quote.simulated,
        )

    def _worth(self, currency: str) -> Decimal | None:
        last = {place: each.quote.price for place, each in self.prices.items() if each.quote is not None}
        try:
            return worth(currency, self.account.rates, last)
        except KeyError:
            return None

    def view(
        self,
        venue: tuple[str, bool],
        at_us: int,
        cash: Mapping[str, Decimal],
        positions: Sequence[Position],
        open_orders: tuple[int, Decimal | None],
    ) -> AccountView:
        """Bring an account together; ``venue`` is its name and whether it is paper.

        ``open_orders`` is how many there are and what the open buys reserve, in the base currency.
        """
        rates, settings = self.account.rates, self.account.settings
        held = [self.held(each) for each in positions]
        equity, gross, net, realised, unrealised, fees, free = (_Sum() for _ in range(7))
        for currency, amount in cash.items():
            rate = self._worth(currency)
            if rate is None and amount:
                self.warnings.append(f"{currency} is not valued: there is neither a rate nor a price of it")
            equity.add(amount, rate)
            free.add(amount, rate)
        for each in held:
            rate = rates.get(each.position.currency)
            equity.add(each.value, rate)
            net.add(each.value, rate)
            unrealised.add(each.unrealised_pnl, rate)
            gross.add(None if each.value is None else abs(each.value), rate)
            realised.add(each.position.realised_pnl, rate)
            fees.add(each.position.fees, rate)
        free.add(None if open_orders[1] is None else -open_orders[1], Decimal(1))
        return AccountView(
            account=self.account.name,
            venue=venue[0],
            paper=venue[1],
            base_currency=settings.base_currency,
            at=datetime.fromtimestamp(at_us / 1e6, UTC),
            cash=cash,
            positions=held,
            equity=equity.total,
            buying_power=free.total,
            exposure_gross=gross.total,
            exposure_net=net.total,
            realised_pnl=realised.total or Decimal(0),
            unrealised_pnl=unrealised.total,
            fees=fees.total or Decimal(0),
            open_orders=open_orders[0],
            limits=settings.limits.model_dump(),
            fx={name: float(rate) for name, rate in rates.items()},
            warnings=self.warnings,
        )
