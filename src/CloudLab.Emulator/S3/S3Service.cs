using CloudLab.Emulator.Http;
using CloudLab.Emulator.Identity;

namespace CloudLab.Emulator.S3;

/// <summary>The S3 API.</summary>
/// <param name="account">Who holds which key and may do what.</param>
/// <param name="region">Region of new buckets.</param>
/// <param name="folder">Where to keep everything, or null.</param>
/// <param name="time">The clock.</param>
internal sealed class S3Service(IAccount account, string region, string? folder, TimeProvider time)
{
    /// <summary>Answers one request.</summary>
    /// <param name="exchange">The request.</param>
    /// <returns>Done when answered.</returns>
    public Task HandleAsync(HttpExchange exchange)
    {
        _ = (account, region, folder, time);
        return exchange.RespondAsync(501, []);
    }
}
