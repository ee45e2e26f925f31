using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// What tables show and objects do not have: a property for it would be in each file of Export-Csv and each text of ConvertTo-Json, too.
/// </summary>
public static class TableText
{
    private const int LeastWidth = 12, Mebibyte = 1 << 20;
    private const char LastNarrow = '\u10ff';
    private static readonly string[] WrappedByPowerShell = ["de", "en", "es", "fr", "it", "pt"];

    /// <summary>
    /// Breaks prose between words, to the width that its column has in the host's window. PowerShell does that only where the culture is English, French, German,
    /// Italian, Portuguese or Spanish, and breaks within words otherwise: in Chinese, and where no locale is set, as in most container images.
    /// </summary>
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

    /// <summary>A duration as kubectl writes it.</summary>
    /// <param name="duration">The duration, or null.</param>
    /// <returns><c>12s</c>, <c>5m10s</c>, <c>3d4h</c>; null where there is none.</returns>
    public static string? Short(TimeSpan? duration) => duration is { } known ? ShortDuration.Of(known) : null;

    /// <summary>How long ago something was, as kubectl writes it.</summary>
    /// <param name="time">When it was, or null.</param>
    /// <returns><c>5m10s</c>; null where there is no time.</returns>
    public static string? Since(DateTimeOffset? time) => time is { } known ? ShortDuration.Of(DateTimeOffset.UtcNow - known) : null;

    /// <summary>What the objects of a cluster are grouped by.</summary>
    /// <param name="row">An object of a cluster, also one that comes from a file or a job.</param>
    /// <returns>Its namespace, and the context where several are read at once.</returns>
    public static string Place(PSObject row) => row.BaseObject is LabResource resource ? resource.ToPlace() : row.Properties["Namespace"]?.Value?.ToString() ?? "-";

    /// <summary>Memory with its unit: bytes as whole Mi, rounded up as requests are; what has a unit as it is.</summary>
    /// <param name="quantity">An amount as Kubernetes writes it, or null.</param>
    /// <returns><c>284Mi</c> for <c>297164212</c>.</returns>
    public static string? Memory(string? quantity) => long.TryParse(quantity, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) && bytes > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{((bytes - 1) / Mebibyte) + 1}Mi")
        : quantity;

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
