//! A ledger as many have it: it adds up what was spent and forgets what is under way. The measure must notice.

use tandem::budget::{
    Account, Admission, Crossing, Entry, Ledger, LedgerError, Limit, Period, Picodollars, Refusal, Reserved,
    Settlement, Span, Stage, WindowState,
};

#[derive(Debug)]
pub struct Careless(pub Box<dyn Ledger>);

impl Ledger for Careless {
    fn reserve(&self, admission: &Admission<'_>) -> Result<Reserved, Refusal> {
        for mut window in self.0.windows(admission.account, admission.limits)? {
            window.open = 0;
            if !window.admits(0) {
                return Err(Refusal::OverLimit { window: Box::new(window), wanted: 0 });
            }
        }
        self.0.reserve(&Admission { limits: &[], ..admission.clone() })
    }
    fn advance(&self, reserved: Reserved, stage: Stage, floor: Picodollars) -> Result<(), LedgerError> {
        self.0.advance(reserved, stage, floor)
    }
    fn settle(&self, reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError> {
        self.0.settle(reserved, settlement)
    }
    fn release(&self, reserved: Reserved) -> Result<(), LedgerError> {
        self.0.release(reserved)
    }
    fn windows(&self, account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
        self.0.windows(account, limits)
    }
    fn crossings(&self, account: &Account, limits: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
        self.0.crossings(account, limits)
    }
    fn reconcile(&self) -> Result<usize, LedgerError> {
        self.0.reconcile()
    }
    fn entries(&self, from: i64, until: i64) -> Result<Vec<Entry>, LedgerError> {
        self.0.entries(from, until)
    }
    fn span(&self, period: Period) -> Result<Option<Span>, LedgerError> {
        self.0.span(period)
    }
}
