// trials.csv: one row a trial, units in the header names, for spreadsheets and data frames.
#pragma once

#include "loadgen/results/experiment.hpp"

#include <string>

namespace echotrio::loadgen {

// RFC 4180, with LF line ends. What is not known is an empty field, never 0.
std::string to_csv(const Experiment& experiment);

}  // namespace echotrio::loadgen
