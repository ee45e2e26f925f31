using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>
/// The HorizontalPodAutoscaler's arithmetic for one metric and one step, as pure functions. Source of every formula
/// and of its order: kubernetes/kubernetes <c>pkg/controller/podautoscaler/replica_calculator.go</c>
/// (<c>getUsageRatioReplicaCount</c>, <c>Tolerances.isWithin</c>) and <c>horizontal.go</c>
/// (<c>reconcileAutoscaler</c>, <c>convertDesiredReplicasWithRules</c>). All pods are taken as ready.
/// </summary>
public static class HpaCalculator
{
    /// <summary>The controller's own default of <c>--horizontal-pod-autoscaler-tolerance</c>.</summary>
    public const double DefaultTolerance = 0.1;

    /// <summary>Works out one step.</summary>
    /// <param name="currentReplicas">Replicas there are, 0 or more.</param>
    /// <param name="currentValue">Measured value (average over the pods), 0 or more.</param>
    /// <param name="targetValue">Value to hold, in the same unit, more than 0.</param>
    /// <param name="minReplicas">Lowest number of replicas allowed, 0 or more.</param>
    /// <param name="maxReplicas">Highest number of replicas allowed, at least 1; null for no limit.</param>
    /// <param name="tolerance">How far from 1 the ratio may be without any scaling, 0 or more.</param>
    /// <returns>The decision and its reason.</returns>
    /// <exception cref="LabException">A number makes no sense.</exception>
    public static HpaDecision Decide(
        int currentReplicas,
        double currentValue,
        double targetValue,
        int minReplicas = 1,
        int? maxReplicas = null,
        double tolerance = DefaultTolerance)
    {
        Check(currentReplicas, currentValue, targetValue, minReplicas, maxReplicas, tolerance);

        // The ratio comes first and is a double there too: 7 of 100 replicas at 7 % is 0.07 * 100 = 7.000000000000001,
        // which rounds up to 8. Doing it more exactly here would predict what the controller does not do.
        double ratio = currentValue / targetValue;
        bool withinTolerance = currentReplicas > 0 && 1.0 - tolerance <= ratio && ratio <= 1.0 + tolerance;
        int calculated = Calculate(currentReplicas, ratio, withinTolerance);

        (int desired, HpaLimit limit) = (currentReplicas, minReplicas, maxReplicas) switch
        {
            (0, > 0, _) => (0, HpaLimit.Disabled),
            (_, _, { } max) when currentReplicas > max => (max, HpaLimit.MaxReplicas),
            (> 0, _, _) when currentReplicas < minReplicas => (minReplicas, HpaLimit.MinReplicas),
            _ => calculated < minReplicas ? (minReplicas, HpaLimit.MinReplicas)
                : calculated > maxReplicas ? (maxReplicas.Value, HpaLimit.MaxReplicas)
                : (calculated, HpaLimit.None),
        };

        return new HpaDecision(() => Explain(currentReplicas, currentValue, targetValue, ratio, tolerance, withinTolerance, calculated, minReplicas, maxReplicas))
        {
            CurrentReplicas = currentReplicas,
            DesiredReplicas = desired,
            CalculatedReplicas = calculated,
            BoundedReplicas = Math.Min(Math.Max(calculated, minReplicas), maxReplicas ?? int.MaxValue),
            CurrentValue = currentValue,
            TargetValue = targetValue,
            Ratio = ratio,
            Tolerance = tolerance,
            WithinTolerance = withinTolerance,
            MinReplicas = minReplicas,
            MaxReplicas = maxReplicas,
            LimitedBy = limit,
        };
    }

    /// <summary>Refuses a tolerance that is none.</summary>
    /// <param name="tolerance">The tolerance. Throws <see cref="LabException"/> where it is negative or not finite.</param>
    public static void CheckTolerance(double tolerance) =>
        Demand(double.IsFinite(tolerance) && tolerance >= 0, "Tolerance", tolerance, "give 0 or more, 0.1 for 10 %");

    private static int Calculate(int currentReplicas, double ratio, bool withinTolerance)
    {
        if (withinTolerance)
        {
            return currentReplicas;
        }

        // From zero (minReplicas 0) the ratio itself is the number of replicas.
        double count = currentReplicas == 0 ? ratio : ratio * currentReplicas;
        return count > int.MaxValue ? int.MaxValue : (int)Math.Ceiling(count);
    }

    private static string Explain(
        int currentReplicas, double currentValue, double targetValue, double ratio, double tolerance, bool withinTolerance, int calculated, int min, int? max)
    {
        if (currentReplicas == 0 && min > 0)
        {
            return HpaWords.Disabled;
        }

        if (HpaWords.OutOfBounds(currentReplicas, min, max) is { } outside)
        {
            return outside;
        }

        string times = $"{HpaWords.Number(currentValue)} is {HpaWords.Number(ratio)} times the target of {HpaWords.Number(targetValue)}";
        string reason = withinTolerance
                ? $"{times}, within the tolerance of {HpaWords.Number(tolerance)}: {HpaWords.Stay(currentReplicas)}."
            : currentReplicas == 0
                ? $"{times}: ceil({HpaWords.Number(ratio)}) = {HpaWords.Replicas(calculated)}, starting from 0."
                : $"{times}: ceil({currentReplicas} x {HpaWords.Number(ratio)}) = {HpaWords.Replicas(calculated)}.";
        return calculated < min ? $"{reason} The minimum is {min}." : calculated > max ? $"{reason} The maximum is {max}." : reason;
    }

    private static void Check(
        int currentReplicas, double currentValue, double targetValue, int minReplicas, int? maxReplicas, double tolerance)
    {
        Demand(currentReplicas >= 0, "CurrentReplicas", currentReplicas, "give 0 or more");
        Demand(double.IsFinite(currentValue) && currentValue >= 0, "CurrentValue", currentValue, "give a measured value, 0 or more");
        Demand(double.IsFinite(targetValue) && targetValue > 0, "TargetValue", targetValue, "give the value to hold, more than 0");
        Demand(minReplicas >= 0, "MinReplicas", minReplicas, "give 0 or more");
        Demand(maxReplicas is null or >= 1, "MaxReplicas", maxReplicas ?? 0, "give 1 or more");
        if (maxReplicas < minReplicas)
        {
            Demand(false, "MinReplicas", minReplicas, $"it is above MaxReplicas {maxReplicas}");
        }

        CheckTolerance(tolerance);
    }

    private static void Demand(bool holds, string name, double value, string advice)
    {
        if (!holds)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "Invalid" + name,
                string.Create(CultureInfo.InvariantCulture, $"{name} cannot be {value}: {advice}."));
        }
    }
}
