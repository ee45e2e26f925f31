using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>One rule of how fast to scale.</summary>
/// <param name="IsPercent">True where the value is percent of the replicas, false where it is a number of pods.</param>
/// <param name="Value">How much may be added or taken off.</param>
/// <param name="PeriodSeconds">Within how many seconds.</param>
public readonly record struct HpaScalingPolicy(bool IsPercent, int Value, int PeriodSeconds);

/// <summary>Which of several policies decides.</summary>
public enum HpaPolicySelect
{
    /// <summary>The one that changes most.</summary>
    Max,

    /// <summary>The one that changes least.</summary>
    Min,

    /// <summary>None: there is no scaling in this direction.</summary>
    Disabled,
}

/// <summary>How to scale in one direction: spec.behavior.scaleUp or scaleDown.</summary>
public sealed record HpaScalingRules
{
    /// <summary>For how many seconds past recommendations count; null for the controller's own setting.</summary>
    public int? StabilizationWindowSeconds { get; init; }

    /// <summary>Which of the policies decides.</summary>
    public HpaPolicySelect? SelectPolicy { get; init; }

    /// <summary>The policies; null where none are given.</summary>
    public IReadOnlyList<HpaScalingPolicy>? Policies { get; init; }

    /// <summary>How far the ratio may be from 1 without scaling; null for the controller's own setting.</summary>
    public Quantity? Tolerance { get; init; }

    /// <summary>What the API server fills in for scaling up.</summary>
    internal static HpaScalingRules DefaultUp { get; } = new()
    {
        StabilizationWindowSeconds = 0,
        SelectPolicy = HpaPolicySelect.Max,
        Policies = [new(false, 4, 15), new(true, 100, 15)],
    };

    /// <summary>What the API server fills in for scaling down: the window comes from the controller's setting.</summary>
    internal static HpaScalingRules DefaultDown { get; } = new()
    {
        SelectPolicy = HpaPolicySelect.Max,
        Policies = [new(true, 100, 15)],
    };

    /// <summary>The longest period of the policies, in seconds.</summary>
    internal int LongestPeriod
    {
        get
        {
            int longest = 0;
            IReadOnlyList<HpaScalingPolicy> policies = Policies ?? [];
            for (int i = 0; i < policies.Count; i++)
            {
                longest = Math.Max(longest, policies[i].PeriodSeconds);
            }

            return longest;
        }
    }

    /// <summary>These rules with everything that is not given taken from others.</summary>
    /// <param name="defaults">The others.</param>
    /// <returns>Complete rules.</returns>
    internal HpaScalingRules Over(HpaScalingRules defaults) => new()
    {
        StabilizationWindowSeconds = StabilizationWindowSeconds ?? defaults.StabilizationWindowSeconds,
        SelectPolicy = SelectPolicy ?? defaults.SelectPolicy,
        Policies = Policies ?? defaults.Policies,
        Tolerance = Tolerance ?? defaults.Tolerance,
    };
}

/// <summary>How fast to scale: spec.behavior.</summary>
/// <param name="ScaleUp">Rules for scaling up.</param>
/// <param name="ScaleDown">Rules for scaling down.</param>
public sealed record HpaBehavior(HpaScalingRules? ScaleUp, HpaScalingRules? ScaleDown)
{
    /// <summary>The same as the API server stores it.</summary>
    /// <returns>Both directions, with all that it fills in.</returns>
    internal HpaBehavior WithDefaults() => new(
        (ScaleUp ?? new()).Over(HpaScalingRules.DefaultUp), (ScaleDown ?? new()).Over(HpaScalingRules.DefaultDown));
}
