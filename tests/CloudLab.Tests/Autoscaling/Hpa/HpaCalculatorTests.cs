using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Hpa;

[Trait("Area", "Autoscaling")]
public sealed class HpaCalculatorTests
{
    [Theory]
    [InlineData(5, 120, 50, 12)]
    [InlineData(1, 100, 100, 1)]
    [InlineData(4, 109, 100, 4)] // within the tolerance
    [InlineData(4, 110, 100, 4)] // 1.1 <= 1.0 + 0.1 in doubles, so it is within
    [InlineData(4, 111, 100, 5)]
    [InlineData(4, 90, 100, 4)]
    [InlineData(4, 89, 100, 4)] // 3.56 rounds up
    [InlineData(4, 50, 100, 2)]
    [InlineData(10, 0, 100, 1)] // the minimum
    [InlineData(3, 0.5, 0.2, 8)]
    [InlineData(100, 7, 100, 8)] // 0.07 * 100 is a little more than 7, for the controller too
    [InlineData(2_000_000_000, 3, 1, int.MaxValue)]
    public void One_step(int current, double value, double target, int desired) =>
        Assert.Equal(desired, HpaCalculator.Decide(current, value, target).DesiredReplicas);

    [Fact]
    public void The_reason_shows_the_arithmetic()
    {
        HpaDecision decision = HpaCalculator.Decide(5, 120, 50);
        Assert.Equal("120 is 2.4 times the target of 50: ceil(5 x 2.4) = 12 replicas.", decision.Reason);
        Assert.Equal(2.4, decision.Ratio);
        Assert.Equal(HpaLimit.None, decision.LimitedBy);
        Assert.False(decision.WithinTolerance);
    }

    [Theory]
    [InlineData(5, 120, 50, 1, 10, 10, 12, HpaLimit.MaxReplicas)]
    [InlineData(5, 10, 50, 3, 10, 3, 1, HpaLimit.MinReplicas)]
    [InlineData(5, 50, 50, 1, 10, 5, 5, HpaLimit.None)]
    // Above the maximum, or below the minimum, the metric is not asked.
    [InlineData(12, 50, 50, 1, 10, 10, 12, HpaLimit.MaxReplicas)]
    [InlineData(1, 500, 50, 3, 20, 3, 10, HpaLimit.MinReplicas)]
    public void Limits_hold(int current, double value, double target, int min, int max, int desired, int calculated, HpaLimit limit)
    {
        HpaDecision decision = HpaCalculator.Decide(current, value, target, min, max);
        Assert.Equal((desired, calculated, limit), (decision.DesiredReplicas, decision.CalculatedReplicas, decision.LimitedBy));
    }

    [Fact]
    public void Zero_replicas_disable_autoscaling_unless_the_minimum_is_zero()
    {
        HpaDecision disabled = HpaCalculator.Decide(0, 120, 50);
        Assert.Equal(0, disabled.DesiredReplicas);
        Assert.StartsWith("Autoscaling is disabled", disabled.Reason, StringComparison.Ordinal);
        Assert.Equal(3, HpaCalculator.Decide(0, 120, 50, minReplicas: 0).DesiredReplicas);
        Assert.Equal(0, HpaCalculator.Decide(0, 0, 50, minReplicas: 0).DesiredReplicas);
    }

    [Theory]
    [InlineData(-1, 1, 1, 1, null, 0.1, "InvalidCurrentReplicas")]
    [InlineData(1, -1, 1, 1, null, 0.1, "InvalidCurrentValue")]
    [InlineData(1, double.NaN, 1, 1, null, 0.1, "InvalidCurrentValue")]
    [InlineData(1, double.PositiveInfinity, 1, 1, null, 0.1, "InvalidCurrentValue")]
    [InlineData(1, 1, 0, 1, null, 0.1, "InvalidTargetValue")]
    [InlineData(1, 1, -5, 1, null, 0.1, "InvalidTargetValue")]
    [InlineData(1, 1, double.NaN, 1, null, 0.1, "InvalidTargetValue")]
    [InlineData(1, 1, double.PositiveInfinity, 1, null, 0.1, "InvalidTargetValue")]
    [InlineData(1, 1, 1, -1, null, 0.1, "InvalidMinReplicas")]
    [InlineData(1, 1, 1, 5, 4, 0.1, "InvalidMinReplicas")]
    [InlineData(1, 1, 1, 0, 0, 0.1, "InvalidMaxReplicas")]
    [InlineData(1, 1, 1, 1, null, -0.1, "InvalidTolerance")]
    [InlineData(1, 1, 1, 1, null, double.NaN, "InvalidTolerance")]
    public void Numbers_that_make_no_sense_are_refused_by_name(
        int current, double value, double target, int min, int? max, double tolerance, string code)
    {
        LabException e = Assert.Throws<LabException>(() => HpaCalculator.Decide(current, value, target, min, max, tolerance));
        Assert.Equal(code, e.Code);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void More_load_never_asks_for_fewer_replicas() => Check(
        (int current, double value, double more, double target) =>
            HpaCalculator.Decide(current, value, target, tolerance: 0).DesiredReplicas
            <= HpaCalculator.Decide(current, value + more, target, tolerance: 0).DesiredReplicas);

    [Fact]
    public void The_load_spread_over_the_desired_replicas_is_at_most_the_target() => Check(
        (int current, double value, double _, double target) =>
        {
            int desired = HpaCalculator.Decide(current, value, target, tolerance: 0).DesiredReplicas;
            return value * current / desired <= target * (1 + 1e-12);
        });

    [Fact]
    public void The_result_stays_within_the_limits_whatever_the_load() => Check(
        (int current, double value, double more, double target) =>
        {
            int min = (int)(more % 7) + 1, max = min + (int)(value % 9);
            int desired = HpaCalculator.Decide(current, value, target, min, max).DesiredReplicas;
            return desired >= min && desired <= max;
        });

    private static void Check(Func<int, double, double, double, bool> holds)
    {
        Gen<double> load = Gen.Choose(0, 1_000_000).Select(n => n / 100.0);
        Gen<(int, double, double, double)> inputs =
            from current in Gen.Choose(1, 500)
            from value in load
            from more in load
            from target in Gen.Choose(1, 100_000).Select(n => n / 10.0)
            select (current, value, more, target);
        Prop.ForAll(inputs.ToArbitrary(), i => holds(i.Item1, i.Item2, i.Item3, i.Item4)).QuickCheckThrowOnFailure();
    }
}
