namespace CloudLab.Core.Common;

/// <summary>Text as PowerShell reads it.</summary>
public static class PowerShellText
{
    /// <summary>Quotes a text, so that it means itself.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text between single quotes, those in it doubled.</returns>
    public static string Quote(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
