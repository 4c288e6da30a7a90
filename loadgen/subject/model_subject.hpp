// Our own servers as subjects: a row of the models' table and a folder of programs.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/models/interpreter.hpp"
#include "loadgen/results/subject.hpp"

#include <string>
#include <vector>

namespace echotrio::loadgen {

// The model's program in `bin_dir`, on a port of its own choice unless `arguments` say otherwise.
// Error: there is no such model.
Result<Subject> subject_of_model(const std::string& bin_dir, const std::string& model,
                                 const std::vector<std::string>& arguments);

// The twin of a model in Python, without its arguments. Precondition: it is not missing.
Subject subject_of_twin(const Twin& twin);

}  // namespace echotrio::loadgen
