using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.Runtime;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// How far this machine's clock is from a service's. A request whose time is more than some minutes off is refused; like the SDK, everything here
/// then signs with the service's time, and says so, since nothing else on the machine will.
/// </summary>
internal static partial class ServiceClock
{
    private static readonly TimeSpan Notable = TimeSpan.FromMinutes(4);

    // By host and port of the service.
    private static readonly ConcurrentDictionary<string, TimeSpan> Offsets = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes note of what the SDK has found out about a service's clock.</summary>
    /// <param name="url">Base URL of the service, as a request has it.</param>
    /// <returns>What whoever runs the command should hear, the first time; else null.</returns>
    public static string? Note(Uri url) => Note(url, CorrectClockSkew.GetClockCorrectionForEndpoint(url.ToString()));

    /// <summary>Takes note of how far this machine's clock is from a service's.</summary>
    /// <param name="url">A URL of the service.</param>
    /// <param name="offset">What has to be added to this machine's time.</param>
    /// <returns>What whoever runs the command should hear, the first time; else null.</returns>
    public static string? Note(Uri url, TimeSpan offset)
    {
        if (offset.Duration() < Notable)
        {
            return null;
        }

        bool isNew = !Offsets.ContainsKey(url.Authority);
        Offsets[url.Authority] = offset;
        return isNew ? $"This machine's clock is {Describe(offset)}: signing with the service's time. Correct the clock." : null;
    }

    /// <summary>How far this machine's clock is from a service's, as far as a refused request has shown it.</summary>
    /// <param name="endpoint">Base URL of a server of one's own; null for Amazon's services, which all have the same time.</param>
    /// <returns>What has to be added to this machine's time.</returns>
    public static TimeSpan OffsetOf(Uri? endpoint) => endpoint is not null
        ? Offsets.GetValueOrDefault(endpoint.Authority)
        : Offsets.FirstOrDefault(known => known.Key.Contains(".amazonaws.", StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Says how far the clock is off.</summary>
    /// <param name="offset">What has to be added to this machine's time.</param>
    /// <returns><c>20 min slow</c>.</returns>
    public static string Describe(TimeSpan offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{offset.Duration().TotalMinutes:0} min {(offset > TimeSpan.Zero ? "slow" : "fast")}");

    /// <summary>Reads the offset out of what STS, IAM and EC2 say of a request that is too old or too new.</summary>
    /// <param name="message">The service's message: <c>Signature expired: … is now earlier than … (… - 15 min.)</c>.</param>
    /// <returns>What has to be added to this machine's time; null where the message says nothing of times.</returns>
    public static TimeSpan? OffsetIn(string message) =>
        Times().Match(message) is { Success: true } match && Read(match.Groups[1].Value) is { } sent && Read(match.Groups[2].Value) is { } now ? now - sent : null;

    private static DateTimeOffset? Read(string text) => DateTimeOffset.TryParseExact(
        text, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment) ? moment : null;

    [GeneratedRegex(@"^Signature (?:expired|not yet current): (\d{8}T\d{6}Z) is (?:now earlier|still later) than \d{8}T\d{6}Z \((\d{8}T\d{6}Z) [-+] \d+ min\.\)")]
    private static partial Regex Times();
}
