using System.Collections.Concurrent;
using Amazon.Runtime;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Temporary credentials that renew themselves. They are kept for the whole process, so that a cmdlet with <c>-ProfileName</c> neither
/// assumes the role anew nor asks for another code of an MFA device.
/// </summary>
/// <param name="key">The same for the same caller, role and service; holds no secret.</param>
/// <param name="fetch">Gets new ones.</param>
internal sealed class TemporaryCredentials(string key, Func<Task<(ImmutableCredentials Keys, DateTime End)>> fetch) : RefreshingAWSCredentials
{
    // Old enough to be replaced rather than handed out.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(2);
    private static readonly ConcurrentDictionary<string, Slot> Slots = new(StringComparer.Ordinal);

    private ImmutableCredentials? given;

    /// <inheritdoc/>
    protected override CredentialsRefreshState GenerateNewCredentials() => Task.Run(GenerateNewCredentialsAsync).GetAwaiter().GetResult();

    /// <inheritdoc/>
    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        Slot slot = Slots.GetOrAdd(key, static _ => new Slot());
        await slot.Gate.WaitAsync();
        try
        {
            // Whoever asks again has had these and found them old, or the service has refused them.
            if (slot.Keys is null || ReferenceEquals(slot.Keys, given) || slot.End - Margin < DateTime.UtcNow)
            {
                (slot.Keys, slot.End) = await fetch();
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
