// Queueing formulas that measured latencies are checked against. Pure. Times are in units of the
// mean service time; rho is the load per server, 0 <= rho < 1. Sources: Kleinrock, Queueing Systems
// I (M/M/c: 3.5; M/G/1: 5.6).
#pragma once

namespace echotrio::loadgen {

// Erlang's C: the probability that an arrival finds all c servers of an M/M/c busy and waits.
// Precondition: c >= 1.
double erlang_c(int c, double rho);

// Mean time in an M/M/c system, service included.
double mmc_time(int c, double rho);

// Percentile (0 to 1) of the time in an M/M/1 system, which is exponential.
double mm1_percentile(double percentile, double rho);

// Mean wait of an M/G/1 queue by Pollaczek and Khinchine; cv2 is the squared coefficient of
// variation of the service times.
double mg1_wait(double rho, double cv2);

}  // namespace echotrio::loadgen
