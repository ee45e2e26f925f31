using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Temporary credentials that renew themselves. They are kept for the whole process, so that a cmdlet with <c>-ProfileName</c> neither
/// assumes the role anew nor asks for another code of an MFA device.
/// </summary>
/// <param name="key">From <see cref="KeyOf"/>: the same for the same caller, role and service.</param>
/// <param name="fetch">Gets new ones, and until when they are good.</param>
internal sealed class TemporaryCredentials(string key, Func<CancellationToken, Task<(ImmutableCredentials Keys, DateTime End)>> fetch) : RefreshingAWSCredentials
{
    // Old enough to be replaced rather than handed out.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan UntoldLife = TimeSpan.FromMinutes(15);
    private static readonly ConcurrentDictionary<string, Slot> Slots = new(StringComparer.Ordinal);
    private static readonly AsyncLocal<CancellationToken> Current = new();

    private ImmutableCredentials? given;

    /// <summary>Cancels what is fetched from here on in this asynchronous flow. The SDK asks for credentials without a token.</summary>
    public static CancellationToken Cancellation
    {
        get => Current.Value;
        set => Current.Value = value;
    }

    /// <summary>What tells these credentials from all others.</summary>
    public string Key => key;

    /// <summary>Makes a key of all that decides whose credentials these are.</summary>
    /// <param name="identity">Names, addresses, secrets.</param>
    /// <returns>A hash.</returns>
    public static string KeyOf(params IEnumerable<string?> identity) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', identity))));

    /// <summary>The end of credentials that have none.</summary>
    public static DateTime Never { get; } = new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>When credentials are over.</summary>
    /// <param name="told">What the service says, or null.</param>
    /// <returns>That moment, UTC; soon, where the service says nothing.</returns>
    public static DateTime EndOf(DateTimeOffset? told) => told?.UtcDateTime ?? DateTime.UtcNow + UntoldLife;

    /// <inheritdoc/>
    protected override CredentialsRefreshState GenerateNewCredentials() => Task.Run(GenerateNewCredentialsAsync).GetAwaiter().GetResult();

    /// <inheritdoc/>
    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        CancellationToken cancellation = Cancellation;
        Slot slot = Slots.GetOrAdd(key, static _ => new Slot());
        await slot.Gate.WaitAsync(cancellation);
        try
        {
            // Whoever asks again has had these and found them old, or the service has refused them.
            if (slot.Keys is null || ReferenceEquals(slot.Keys, given) || slot.End - Margin < DateTime.UtcNow)
            {
                (slot.Keys, slot.End) = await fetch(cancellation);
            }

            given = slot.Keys;
            return new CredentialsRefreshState(slot.Keys, slot.End);
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private sealed class Slot
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public ImmutableCredentials? Keys { get; set; }

        public DateTime End { get; set; }
    }
}
