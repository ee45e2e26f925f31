namespace CloudLab.Cmdlets.Pipeline;

/// <summary>What -OutputFormat of a review can ask for.</summary>
public enum ReviewFormat
{
    /// <summary>Findings as objects.</summary>
    Object,

    /// <summary>One text: SARIF 2.1.0, as code scanning and editors read it.</summary>
    Sarif,

    /// <summary>One text: JUnit XML, as build servers show it.</summary>
    JUnit,
}
