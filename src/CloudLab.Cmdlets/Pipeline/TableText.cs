using System.Globalization;
using System.Management.Automation.Host;
using System.Text;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Prose in table columns. PowerShell wraps a column at the spaces between words only where the culture is English, French, German,
/// Italian, Portuguese or Spanish, and within words otherwise: in Chinese, and where no locale is set, as in most container images.
/// </summary>
public static class TableText
{
    private const int LeastWidth = 12;
    private const char LastNarrow = '\u10ff';
    private static readonly string[] WrappedByPowerShell = ["de", "en", "es", "fr", "it", "pt"];

    /// <summary>Breaks a text between words, to the width that its column has in the host's window.</summary>
    /// <param name="text">The text.</param>
    /// <param name="host">PowerShell's <c>$Host</c>.</param>
    /// <param name="taken">What the columns of fixed width and the gaps between columns take.</param>
    /// <param name="columns">How many columns share the rest.</param>
    /// <returns>Lines; the text as it is where PowerShell itself does so, or where the width is not known.</returns>
    public static string? Wrap(string? text, PSHost? host, int taken, int columns)
    {
        if (text is null || WrappedByPowerShell.Contains(CultureInfo.CurrentCulture.TwoLetterISOLanguageName) || text.Any(c => c > LastNarrow))
        {
            return text;
        }

        // The last column of a window may be kept free.
        int width = (WidthOf(host) - 1 - taken) / columns;
        return width < LeastWidth ? text : string.Join('\n', text.Split('\n').Select(line => Broken(line, width)));
    }

    private static string Broken(string line, int width)
    {
        StringBuilder lines = new(line.Length);
        int used = 0;
        foreach (string word in line.Split(' '))
        {
            if (used > 0)
            {
                bool fits = used + 1 + word.Length <= width;
                lines.Append(fits ? ' ' : '\n');
                used = fits ? used + 1 : 0;
            }

            lines.Append(word);
            used = used + word.Length <= width ? used + word.Length : ((word.Length - 1) % width) + 1;
        }

        return lines.ToString();
    }

    private static int WidthOf(PSHost? host)
    {
        try
        {
            return host?.UI?.RawUI?.BufferSize.Width ?? 0;
        }
        catch (Exception e) when (e is HostException or NotImplementedException or NotSupportedException or IOException)
        {
            // A host without a window.
            return 0;
        }
    }
}
