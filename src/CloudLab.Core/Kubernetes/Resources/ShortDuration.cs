using System.Globalization;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Durations as kubectl writes them (<c>HumanDuration</c> of k8s.io/apimachinery): two units at most, fewer the longer it is.</summary>
public static class ShortDuration
{
    /// <summary>A duration in short.</summary>
    /// <param name="duration">The duration.</param>
    /// <returns><c>12s</c>, <c>5m10s</c>, <c>3h</c>, <c>3d4h</c>, <c>2y11d</c>.</returns>
    public static string Of(TimeSpan duration)
    {
        // Clocks differ: what was made in a second from now was made now.
        long seconds = Math.Max(0, (long)duration.TotalSeconds), minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
        return seconds < 120 ? Text(seconds, 's')
            : minutes < 10 ? Text(minutes, 'm', seconds % 60, 's')
            : minutes < 180 ? Text(minutes, 'm')
            : hours < 8 ? Text(hours, 'h', minutes % 60, 'm')
            : hours < 48 ? Text(hours, 'h')
            : days < 8 ? Text(days, 'd', hours % 24, 'h')
            : days < 2 * 365 ? Text(days, 'd')
            : days < 8 * 365 ? Text(days / 365, 'y', days % 365, 'd')
            : Text(days / 365, 'y');
    }

    private static string Text(long whole, char unit, long rest = 0, char restUnit = ' ') => rest == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{whole}{unit}")
        : string.Create(CultureInfo.InvariantCulture, $"{whole}{unit}{rest}{restUnit}");
}
