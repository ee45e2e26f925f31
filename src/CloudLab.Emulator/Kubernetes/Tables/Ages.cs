using System.Globalization;

namespace CloudLab.Emulator.Kubernetes.Tables;

/// <summary>Durations as tables show them: <c>5s</c>, <c>4m10s</c>, <c>3h</c>, <c>2d4h</c>.</summary>
internal static class Ages
{
    public static string Since(string? time) => Json.Date(time) is { } date ? Show(DateTimeOffset.UtcNow - date) : "<unknown>";

    public static string Show(TimeSpan age)
    {
        long seconds = (long)age.TotalSeconds, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
        FormattableString text = seconds switch
        {
            < -1 => $"<invalid>",
            < 0 => $"0s",
            < 120 => $"{seconds}s",
            _ when minutes < 10 => seconds % 60 == 0 ? $"{minutes}m" : (FormattableString)$"{minutes}m{seconds % 60}s",
            _ when minutes < 180 => $"{minutes}m",
            _ when hours < 8 => minutes % 60 == 0 ? $"{hours}h" : (FormattableString)$"{hours}h{minutes % 60}m",
            _ when hours < 48 => $"{hours}h",
            _ when hours < 192 => hours % 24 == 0 ? $"{days}d" : (FormattableString)$"{days}d{hours % 24}h",
            _ when days < 730 => $"{days}d",
            _ when days < 2920 => days % 365 == 0 ? $"{days / 365}y" : (FormattableString)$"{days / 365}y{days % 365}d",
            _ => $"{days / 365}y",
        };
        return text.ToString(CultureInfo.InvariantCulture);
    }
}
