using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Lets a <see cref="DateTimeOffset"/> parameter take what the docker CLI takes: how long ago (<c>10m</c>, <c>1h30m</c>, a TimeSpan), too. A time without an
/// offset is local, as PowerShell's own are. PowerShell itself reads <c>10s</c> as a short number and <c>2d</c> as a decimal one.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed partial class PointInTimeAttribute : ArgumentTransformationAttribute
{
    private const int LongestDays = 100_000;

    // From here on a number of seconds is a Unix time, which the docker CLI takes, too.
    private const double FirstTimestamp = 1e9, LongestSeconds = 1e11;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        return value switch
        {
            TimeSpan ago => DateTimeOffset.UtcNow - ago.Duration(),
            DateTime time => new DateTimeOffset(time),
            decimal days and >= 0 and < LongestDays => DateTimeOffset.UtcNow - TimeSpan.FromDays((double)days),
            short or int or long or double when Convert.ToDouble(value, CultureInfo.InvariantCulture) is >= 0 and < LongestSeconds and var seconds =>
                seconds < FirstTimestamp ? DateTimeOffset.UtcNow - TimeSpan.FromSeconds(seconds) : DateTimeOffset.UnixEpoch.AddSeconds(seconds),
            string text when LengthOf(text) is { } ago => DateTimeOffset.UtcNow - ago,
            string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time) => time,
            string text => throw new ArgumentTransformationMetadataException(
                $"'{text}' is not a time: write a date and time, or how long ago, such as 10m, 1h30m or 2d."),
            _ => inputData,
        };
    }

    /// <summary>A length of time as the docker CLI and kubectl write it.</summary>
    /// <param name="text">The text: <c>1h30m</c>.</param>
    /// <returns>The time; null if it is not written so.</returns>
    public static TimeSpan? LengthOf(string text) => Ago().Match(text) is { Success: true } match
        ? new TimeSpan(Number(match, "d"), Number(match, "h"), Number(match, "m"), Number(match, "s"))
        : null;

    private static int Number(Match match, string unit) => match.Groups[unit].Value is { Length: > 0 } digits ? int.Parse(digits, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^(?=\d)(?:(?<d>\d{1,6})d)?(?:(?<h>\d{1,6})h)?(?:(?<m>\d{1,6})m)?(?:(?<s>\d{1,8})s)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Ago();
}
