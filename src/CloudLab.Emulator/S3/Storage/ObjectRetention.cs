namespace CloudLab.Emulator.S3.Storage;

/// <summary>Until when a version may not be deleted.</summary>
/// <param name="Mode">GOVERNANCE, which somebody with the right may lift, or COMPLIANCE, which nobody may.</param>
/// <param name="Until">The end.</param>
internal sealed record ObjectRetention(string Mode, DateTimeOffset Until)
{
    /// <summary>The mode that can be lifted.</summary>
    public const string Governance = "GOVERNANCE";

    /// <summary>The mode that cannot.</summary>
    public const string Compliance = "COMPLIANCE";

    /// <summary>Whether a text is a mode.</summary>
    /// <param name="mode">The text.</param>
    /// <returns>True if so.</returns>
    public static bool IsMode(string? mode) => mode is Governance or Compliance;
}
