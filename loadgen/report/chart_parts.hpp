// What the charts of a comparison are put together from.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/findings/select.hpp"

#include <string>
#include <vector>

namespace echotrio::loadgen {

const char* axis_unit(Unit unit);

// The median with the range of the repetitions, and what is wrong with it as the note.
ChartPoint point_of(double x, const Cell& cell, const Spread& spread);
// The value with its interval.
ChartPoint point_of(double x, const Estimate& estimate);

// One without points is left out.
void add_series(Chart& chart, Series series);

// A point per level of the variant's `cells` that have the metric, over its connections.
Series over_connections(const std::string& variant, const std::vector<const Cell*>& cells,
                        std::string_view metric);

// Horizontal bars, one below the other, each in its variant's colour. `unit` as in Axis.
Chart bar_chart(const std::string& id, const std::string& title, const char* unit);
void add_bar(Chart& chart, const std::string& variant, ChartPoint point);
// Makes the axis logarithmic where the bars differ by so much that the small ones would vanish.
void scale_bars(Chart& chart);

// One bar a model at that level.
Chart level_chart(const Digest& digest, const Level& level, const Metric& metric,
                  const std::string& id);

// Upright bars in a group a level; the groups are labelled "workload x connections".
void label_levels(Chart& chart, const std::vector<Level>& levels);
Series bars_at(const Digest& digest, const std::vector<Level>& levels, const std::string& variant,
               std::string_view metric);

// Ratios with their intervals around 1, one below the other: a series a variant.
Chart ratio_chart(const std::string& id, const std::string& title);
// `variant` is one of the series.
void add_ratio(Chart& chart, const std::string& variant, const std::string& label,
               const Estimate& ratio, const std::string& note);

}  // namespace echotrio::loadgen
