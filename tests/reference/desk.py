"""Sellers do their jobs one after the other, in the order in which they fall due."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.numeric import exp_one, log_one
from sim.streams import Decision
from sim.units import DAYS_PER_YEAR, HOURS_PER_YEAR, MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world.stores import Job, Outcome
from tests.reference import contact, opinion, rewards
from tests.reference.entities import Household, Lead, Seller
from tests.reference.market import Market
from tests.reference.waiting import WaitingRoom


class Desk:
    """The desk in one tick."""

    def __init__(self, market: Market) -> None:
        self.m = market
        self.s = market.scenario.stores
        self.open_hours = self.s.close_hour - self.s.open_hour
        self.unlimited = math.isinf(self.s.hours_per_week)
        self.worked = [0.0] * len(market.sellers)
        """Hours of each seller in this tick."""
        self.o = market.operations
        self.ordered: list[Lead] = []
        """Leads that became orders in this tick."""
        self.queue: list[tuple[float, int, Lead]] = []
        self.calls = WaitingRoom(self)

    def serve(self) -> None:
        """Do all jobs of this tick in the order of their moments, then of household ids; pay for the hours."""
        open_leads = [h.lead for h in self.m.households if h.lead is not None and h.lead.next_at < self.m.end]
        hours_before = [lead.hours for lead in open_leads]
        for lead in open_leads:
            lead.hours = 0.0
        self.queue = [(lead.next_at, lead.person.id, lead) for lead in open_leads]
        heapq.heapify(self.queue)
        while self.queue or self.calls.anybody_before(self.m.end):
            if self.queue:
                moment, _, lead = self.queue[0]
                if not self.calls.next_one(lead.person.district, moment):
                    heapq.heappop(self.queue)
                    self.do(lead, moment)
            else:
                for district in range(self.m.districts):
                    self.calls.next_one(district, self.m.end)
        hourly_pay = round(self.s.cost_per_hour * MINOR_PER_MONEY)
        for lead, before in zip(open_leads, hours_before, strict=True):
            pay = math.floor(lead.hours * hourly_pay + 0.5)
            self.m.book(Purpose.SELLER_HOURS, lead.person.district, lead.channel, pay)
            lead.hours += before
        for seller in self.m.sellers:
            seller.year_selling += self.worked[seller.row]

    def do(self, lead: Lead, moment: float) -> None:
        """Do the job of a lead, or let it wait for its call; queue what follows."""
        if lead.pooled and lead.next_job == Job.CALL and self.o.order == "score":
            self.calls.join(lead)
            return
        self.job(lead)(lead, moment)
        self.follow(lead)

    def follow(self, lead: Lead) -> None:
        """Queue the next job of a lead, if it falls into this tick."""
        if lead.next_at < self.m.end:
            heapq.heappush(self.queue, (lead.next_at, lead.person.id, lead))

    def job(self, lead: Lead) -> Callable[[Lead, float], None]:
        """What the lead waits for."""
        jobs = {
            Job.CALL: self.call,
            Job.ANSWER: self.answer,
            Job.NURTURE: self.nurture,
            Job.VISIT: self.visit,
            Job.DECIDE: self.decide,
            Job.RECALL: self.recall,
        }
        return jobs[Job(lead.next_job)]

    # time

    def opening_time(self, moment: float) -> float:
        """Hours stores have been open from the start to a clock moment."""
        days = moment * 365.0
        day = math.floor(days)
        hour = (days - day) * 24.0 - self.s.open_hour
        return day * self.open_hours + min(max(hour, 0.0), self.open_hours)

    def clock(self, opening: float) -> float:
        """The clock moment at which stores have been open that long."""
        day = math.floor(opening / self.open_hours)
        return (day + (self.s.open_hour + (opening - day * self.open_hours)) / 24.0) / 365.0

    def stretch(self, seller: Seller) -> float:
        """Opening hours that pass per hour a seller works on leads: publishing hours are not among them."""
        left = self.s.hours_per_week - seller.publishing_hours
        return self.open_hours * 365 / 52 / left if left > 0 else math.inf

    def begin(self, seller: Seller, moment: float) -> float:
        """Opening time at which the seller can begin what waits since `moment`."""
        wanted = self.opening_time(moment)
        return wanted if self.unlimited else max(wanted, seller.free_at)

    def work(self, lead: Lead, begin: float, hours: float) -> None:
        """Let the lead's seller work on it."""
        assert lead.seller is not None
        if not self.unlimited:
            lead.seller.free_at = begin + hours * self.stretch(lead.seller)
        lead.hours += hours
        self.worked[lead.seller.row] += hours
        self.m.worked[lead.person.district] += hours

    def takes(self, lead: Lead, decision: Decision, attempt: int, mean: float) -> float:
        """A drawn working time."""
        return self.m.chance.exponential(decision, attempt, lead.person.id, lead.episode) * mean

    def uniform(self, lead: Lead, decision: Decision, attempt: int = 0) -> float:
        return self.m.chance.uniform(decision, attempt, lead.person.id, lead.episode)

    def seat(self, lead: Lead, moment: float) -> Seller:
        """The seller of a lead that has none."""
        if lead.pooled and self.o.assign == "round_robin":
            district = lead.person.district
            team = self.team(district)
            self.m.turns[district] += 1
            self.m.happened["in turn"] += 1
            return team[(self.m.turns[district] - 1) % len(team)]
        opening = self.opening_time(moment)
        if lead.pooled and self.o.assign == "fit":
            return self.fitting(lead, opening)
        staff = self.m.staff[lead.store]
        drawn = staff[math.floor(self.uniform(lead, Decision.SEAT) * len(staff))]
        return drawn if self.free(drawn, opening) else min(staff, key=lambda seller: seller.free_at)

    def fitting(self, lead: Lead, opening: float) -> Seller:
        """Of the free sellers of the district the one who fits best; if none is free, who is free first."""
        b, team = self.m.b, self.team(lead.person.district)
        free = [seller for seller in team if self.free(seller, opening)]
        if not free:
            self.m.happened["nobody free to fit"] += 1
            return min(team, key=lambda seller: seller.free_at)
        best = max(free, key=lambda s: b.choice_skill * s.skill - self.km(lead.person, s) / b.visit_km)
        self.m.happened["by fit, farther store" if best.store != lead.person.store else "by fit, nearest store"] += 1
        return best

    def free(self, seller: Seller, opening: float) -> bool:
        """Whether a seller can begin by an opening time."""
        return self.unlimited or seller.free_at <= opening

    def team(self, district: int) -> list[Seller]:
        """All sellers of a district."""
        m = self.m
        return [s for store, staff in enumerate(m.staff) if m.district_of_store[store] == district for s in staff]

    def km(self, person: Household, seller: Seller) -> float:
        """From a household to a seller's store."""
        east, north = person.x - seller.x, person.y - seller.y
        return math.sqrt(east * east + north * north)

    # jobs

    def call(self, lead: Lead, moment: float) -> None:
        """Queue the first call; whom it reaches depends on when its turn comes."""
        lead.seller = lead.seller or self.seat(lead, moment)
        lead.store = lead.seller.store
        begin = self.begin(lead.seller, moment)
        turn = max(moment, self.clock(begin))
        lead.reached = turn <= lead.cool_at and turn < lead.person.ready_at
        mean = self.s.call_hours if lead.reached else self.s.attempt_hours
        self.work(lead, begin, self.takes(lead, Decision.CALL_TIME, 0, mean))
        lead.next_at, lead.next_job = turn, Job.ANSWER

    def answer(self, lead: Lead, moment: float) -> None:
        """A call takes place: it misses, finds no need, or leads on."""
        if lead.calls == 0:
            lead.answered = moment
        again = moment + self.o.recall_hours / HOURS_PER_YEAR
        lead.calls += 1
        self.m.calls[lead.person.district] += 1
        self.m.happened["reached by a recall"] += lead.recalls > 0 and lead.reached
        if not lead.reached and lead.pooled and lead.recalls < self.o.recalls and again < lead.person.ready_at:
            lead.next_at, lead.next_job = again, Job.RECALL
        elif not lead.reached:
            self.m.happened["lost after recalls"] += lead.recalls > 0
            contact.close(self.m, lead, moment, Outcome.LOST_LATE)
        elif not lead.in_market:
            contact.close(self.m, lead, moment, Outcome.NO_NEED)
        else:
            self.propose(lead, moment)

    def recall(self, lead: Lead, moment: float) -> None:
        """Queue a further call to somebody not reached: luck decides, as long as the search lasts."""
        assert lead.seller is not None
        lead.recalls += 1
        begin = self.begin(lead.seller, moment)
        turn = max(moment, self.clock(begin))
        lucky = self.uniform(lead, Decision.RECALL, lead.recalls) < self.m.b.recall_reach
        lead.reached = lucky and turn < lead.person.ready_at
        mean = self.s.call_hours if lead.reached else self.s.attempt_hours
        self.work(lead, begin, self.takes(lead, Decision.CALL_TIME, lead.calls, mean))
        lead.next_at, lead.next_job = turn, Job.ANSWER

    def nurture(self, lead: Lead, moment: float) -> None:
        """Call again someone who was not ready."""
        assert lead.seller is not None
        begin = self.begin(lead.seller, moment)
        turn = max(moment, self.clock(begin))
        self.work(lead, begin, self.takes(lead, Decision.CALL_TIME, lead.calls, self.s.call_hours))
        lead.calls += 1
        self.m.calls[lead.person.district] += 1
        self.m.happened["nurture call"] += 1
        if turn < lead.person.ready_at:
            self.propose(lead, turn)
        else:
            lead.next_at = math.inf

    def propose(self, lead: Lead, moment: float) -> None:
        """Propose a visit; who declines is called again, if the search lasts that long."""
        h, b = lead.person, self.m.b
        assert lead.seller is not None
        exponent = b.visit_propensity * opinion.interest(self.m, h) * exp_one(-self.km(h, lead.seller) / b.visit_km)
        proposals = lead.calls - lead.recalls - 1
        if lead.pooled:
            exponent *= 1.0 + self.o.nurture * proposals
        agree = 1.0 - exp_one(-exponent)
        again = moment + b.nurture_weeks / WEEKS_PER_YEAR
        if self.uniform(lead, Decision.VISIT_AGREED, lead.calls) < agree:
            delay = self.takes(lead, Decision.VISIT_DELAY, 0, b.visit_delay_days / DAYS_PER_YEAR)
            lead.next_at, lead.next_job = moment + delay, Job.VISIT
            h.ready_at = max(h.ready_at, moment + delay)
        elif again < h.ready_at:
            lead.next_at, lead.next_job = again, Job.NURTURE
        else:
            lead.next_at = math.inf

    def visit(self, lead: Lead, moment: float) -> None:
        """A visit, often with a test drive; the decision falls on the spot or at the end of the search."""
        h = lead.person
        if lead.seller is None:
            lead.seller = self.seat(lead, moment)
        begin = self.begin(lead.seller, moment)
        turn = max(moment, self.clock(begin))
        hours = self.takes(lead, Decision.VISIT_TIME, 0, self.s.visit_hours)
        if math.isnan(lead.answered):  # walked in
            lead.answered, lead.reached = turn, True
            self.m.happened["walk-in"] += 1
        lead.visited = turn
        self.m.visits[h.district] += 1
        self.m.happened["visit"] += 1
        share = self.m.b.test_drive_share
        if lead.pooled:
            share = 1.0 - (1.0 - share) * (1.0 - self.o.test_drive_booking)
        if self.uniform(lead, Decision.TEST_DRIVE) < share:
            lead.tested = max(turn, self.clock(begin + hours * self.stretch(lead.seller)))
            hours += self.takes(lead, Decision.VISIT_TIME, 1, self.s.test_drive_hours)
            self.m.test_drives[h.district] += 1
            self.m.happened["test drive"] += 1
        self.work(lead, begin, hours)
        over = max(turn, self.clock(begin + hours * self.stretch(lead.seller)))
        spot = self.uniform(lead, Decision.SPOT) < self.m.b.spot_decision_share
        self.m.happened["spot decision"] += spot
        h.ready_at = over if spot else max(h.ready_at, over)
        lead.next_at, lead.next_job = h.ready_at, Job.DECIDE

    def decide(self, lead: Lead, moment: float) -> None:
        """Order or go to a rival; where partners disagree, the one with the last word vetoes or convinces."""
        h, m = lead.person, self.m
        assert lead.seller is not None
        bonus = m.b.choice_skill * (lead.seller.skill - 0.5)
        if not math.isnan(lead.tested):
            bonus += m.b.choice_test_drive
        if lead.pooled:
            bonus += m.b.choice_one_flow * self.o.one_flow
        promised = m.programme.discount + m.programme.subsidy if lead.channel == REFERRAL else 0.0
        discount = promised + rewards.held(m, h)
        trust, partner_trust = opinion.trust_stocks(m, h)
        trust, partner_trust = trust + m.groups[h.group].trust, partner_trust + m.groups[h.group].partner_trust
        yes = self.prefers(lead, Decision.CHOICE_OWN, opinion.utility(m, h, trust, discount) + bonus)
        if h.partner:
            theirs = self.prefers(lead, Decision.CHOICE_PARTNER, opinion.utility(m, h, partner_trust, discount) + bonus)
            if theirs != yes and self.uniform(lead, Decision.LAST_WORD) < m.segments[h.segment].partner_last_word:
                m.happened["convince" if theirs else "veto"] += 1
                yes = theirs
        if yes:
            begin = self.begin(lead.seller, moment)
            hours = self.s.order_hours * (1.0 - 0.5 * self.o.one_flow) if lead.pooled else self.s.order_hours
            self.work(lead, begin, self.takes(lead, Decision.VISIT_TIME, 2, hours))
            self.ordered.append(lead)
        contact.close(m, lead, moment, Outcome.ORDERED if yes else Outcome.BOUGHT_RIVAL)

    def prefers(self, lead: Lead, decision: Decision, utility: float) -> bool:
        """Logit choice: a logistic draw below the brand's advantage."""
        u = self.uniform(lead, decision)
        return log_one(u / (1.0 - u)) < utility
