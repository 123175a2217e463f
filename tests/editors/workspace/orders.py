"""Orders of a small shop: every step of an order is written to the audit trail."""

from dataclasses import dataclass, field


@dataclass
class Entry:
    order_id: int
    customer: str
    status: str


@dataclass
class AuditTrail:
    entries: list[Entry] = field(default_factory=list)

    def record(self, order_id: int, customer: str, status: str) -> None:
        self.entries.append(Entry(order_id, customer, status))


@dataclass
class Order:
    order_id: int
    customer: str
    audit: AuditTrail
    status: str = "open"

    def pay(self) -> None:
        self.status = "paid"
        self.audit.record(self.order_id, self.customer, self.status)

    def pack(self) -> None:
        self.status = "packed"
        self.audit.record(self.order_id, self.customer, self.status)

    def send(self) -> None:
        self.status = "sent"
        self.audit.record(self.order_id, self.customer, self.status)

    def cancel(self) -> None:
        if self.status == "sent":
            raise ValueError("a sent order cannot be cancelled")
        self.status = "cancelled"
        self.audit.record(self.order_id, self.customer, self.status)
