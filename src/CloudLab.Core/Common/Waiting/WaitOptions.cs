namespace CloudLab.Core.Common.Waiting;

/// <summary>How long, and how often, to look. The defaults are the field's: every 5 s, 20 times.</summary>
public sealed record WaitOptions
{
    /// <summary>Longest time between two looks.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When to give up. Zero looks once.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The clock; a test brings its own.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
