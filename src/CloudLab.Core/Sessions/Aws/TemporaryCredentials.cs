using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Temporary credentials that renew themselves shortly before their end. Those that are found by a key are kept for the whole process, so that
/// a cmdlet with <c>-ProfileName</c> neither assumes the role anew nor asks for another code of an MFA device.
/// </summary>
internal sealed class TemporaryCredentials : RefreshingAWSCredentials
{
    // Old enough to be replaced rather than handed out; a short life has a shorter margin.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan UntoldLife = TimeSpan.FromMinutes(15);

    // How long credentials that are still good are used after an attempt to renew them has failed.
    private static readonly TimeSpan Respite = TimeSpan.FromSeconds(15);
    private static readonly ConcurrentDictionary<string, Slot> Slots = new(StringComparer.Ordinal);
    private static readonly AsyncLocal<CancellationToken> Current = new();

    private readonly Func<CancellationToken, Task<(ImmutableCredentials Keys, DateTime End)>> fetch;
    private readonly Slot slot;
    private string? refused;

    /// <summary>Credentials that all who have the same key share.</summary>
    /// <param name="key">From <see cref="KeyOf"/>: the same for the same caller, role and service.</param>
    /// <param name="fetch">Gets new ones, and until when they are good.</param>
    public TemporaryCredentials(string key, Func<CancellationToken, Task<(ImmutableCredentials Keys, DateTime End)>> fetch)
        : this(key, Slots.GetOrAdd(key, static _ => new Slot()), fetch)
    {
    }

    /// <summary>Credentials of their own, which are there already.</summary>
    /// <param name="keys">The first ones.</param>
    /// <param name="end">Until when they are good.</param>
    /// <param name="fetch">Gets the next ones.</param>
    /// <param name="margin">How long before their end the first ones are replaced; two minutes, or a quarter of a short life, if null.</param>
    public TemporaryCredentials(
        ImmutableCredentials keys, DateTime end, Func<CancellationToken, Task<(ImmutableCredentials Keys, DateTime End)>> fetch, TimeSpan? margin = null)
        : this(KeyOf("own", keys.AccessKey, keys.Token), new Slot(), fetch)
    {
        slot.Put(keys, end);
        slot.StaleAt = margin is { } given ? end - given : slot.StaleAt;
    }

    private TemporaryCredentials(string key, Slot slot, Func<CancellationToken, Task<(ImmutableCredentials Keys, DateTime End)>> fetch)
    {
        (Key, this.slot, this.fetch) = (key, slot, fetch);

        // When to renew is decided here, and never in the background: what asks for a code needs somebody who waits.
        (PreemptExpiryTime, ExpirationBuffer) = (TimeSpan.Zero, TimeSpan.Zero);
    }

    /// <summary>Cancels what is fetched from here on in this asynchronous flow. The SDK asks for credentials without a token.</summary>
    public static CancellationToken Cancellation
    {
        get => Current.Value;
        set => Current.Value = value;
    }

    /// <summary>Replaces credentials that a service has refused as expired, when they are next asked for.</summary>
    /// <param name="credentials">The credentials.</param>
    /// <param name="accessKey">Access key of those that were refused; others that are in use by now stay. Null where it is not known.</param>
    public static void Refuse(RefreshingAWSCredentials credentials, string? accessKey)
    {
        if (credentials is TemporaryCredentials own)
        {
            own.refused = accessKey;
        }

        credentials.ClearCredentials();
    }

    /// <summary>What tells these credentials from all others.</summary>
    public string Key { get; }

    /// <summary>How they are replaced at their end, to follow that moment: <c>renewed automatically</c>.</summary>
    public string Renewal { get; init; } = "renewed automatically";

    /// <summary>Until when the credentials in use are good; null before the first use, and for those that do not end.</summary>
    public DateTime? End => slot.Keys is null || slot.End == Never ? null : slot.End;

    /// <summary>The end of credentials that have none.</summary>
    public static DateTime Never { get; } = new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Makes a key of all that decides whose credentials these are.</summary>
    /// <param name="identity">Names, addresses, secrets.</param>
    /// <returns>A hash.</returns>
    public static string KeyOf(params IEnumerable<string?> identity) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', identity))));

    /// <summary>When credentials are over.</summary>
    /// <param name="told">What the service says, or null.</param>
    /// <returns>That moment, UTC; soon, where the service says nothing.</returns>
    public static DateTime EndOf(DateTimeOffset? told) => told?.UtcDateTime ?? DateTime.UtcNow + UntoldLife;

    /// <inheritdoc/>
    public override void ClearCredentials()
    {
        refused ??= slot.Keys?.AccessKey;
        base.ClearCredentials();
    }

    /// <inheritdoc/>
    protected override CredentialsRefreshState GenerateNewCredentials() => Task.Run(GenerateNewCredentialsAsync).GetAwaiter().GetResult();

    /// <inheritdoc/>
    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        CancellationToken cancellation = Cancellation;
        await slot.Gate.WaitAsync(cancellation);
        try
        {
            DateTime now = DateTime.UtcNow;

            // Somebody else may have replaced them since.
            bool isRefused = slot.Keys is not null && slot.Keys.AccessKey == refused;
            if (slot.Keys is null || isRefused || slot.StaleAt <= now)
            {
                try
                {
                    (ImmutableCredentials keys, DateTime end) = await fetch(cancellation);
                    slot.Put(keys, end);
                }
                catch (LabException e) when (slot.Keys is not null && !isRefused && slot.End > now)
                {
                    RequestLog.Current.Verbose($"The temporary credentials cannot be renewed, and are used until {slot.End:u}: {e.Message}");
                    slot.StaleAt = now + Respite < slot.End ? now + Respite : slot.End;
                }
            }

            refused = null;
            return new CredentialsRefreshState(slot.Keys, slot.StaleAt);
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private sealed class Slot
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public ImmutableCredentials? Keys { get; private set; }

        public DateTime End { get; private set; }

        public DateTime StaleAt { get; set; }

        public void Put(ImmutableCredentials keys, DateTime end)
        {
            TimeSpan quarter = (end - DateTime.UtcNow) / 4;
            (Keys, End, StaleAt) = (keys, end, end - (quarter < Margin ? quarter > TimeSpan.Zero ? quarter : TimeSpan.Zero : Margin));
        }
    }
}
