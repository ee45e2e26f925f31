using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>
/// Waits for users and roles that were created a moment ago: IAM takes some seconds until every part of it accepts them where a trust
/// policy or an instance profile names them, and refuses them until then as if they did not exist.
/// </summary>
internal static class NewPrincipal
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan New = TimeSpan.FromMinutes(2);

    /// <summary>Sends a request, again while it is refused for a principal that exists and is new.</summary>
    /// <param name="client">The services.</param>
    /// <param name="isRefusal">Whether an error may be such a refusal.</param>
    /// <param name="named">Kind (<c>role</c>, <c>user</c>) and name of the principals that the request names.</param>
    /// <param name="send">Sends it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Its answer. Throws <see cref="LabException"/>.</returns>
    public static async Task<XElement> RetryAsync(
        IdentityClient client, Func<LabException, bool> isRefusal, IReadOnlyList<(string Kind, string Name)> named, Func<Task<XElement>> send,
        CancellationToken cancellation)
    {
        DateTimeOffset end = DateTimeOffset.UtcNow + Patience;
        TimeSpan pause = TimeSpan.FromMilliseconds(500);
        while (true)
        {
            LabException refusal;
            try
            {
                return await send();
            }
            catch (LabException e) when (isRefusal(e) && named.Count > 0 && DateTimeOffset.UtcNow < end)
            {
                refusal = e;
            }

            if (!await AnyIsNewAsync(client, named, cancellation))
            {
                throw refusal;
            }

            client.Reporter.Verbose($"{string.Join(", ", named.Select(each => $"{each.Kind} '{each.Name}'"))}: just created, and not accepted yet. Trying again.");
            await Task.Delay(pause, cancellation);
            pause = TimeSpan.FromSeconds(Math.Min(4, pause.TotalSeconds * 2));
        }
    }

    /// <summary>The users and roles that a trust policy names by their ARNs.</summary>
    /// <param name="trust">The policy.</param>
    /// <returns>Kind and name of each.</returns>
    public static IReadOnlyList<(string Kind, string Name)> In(PolicyDocument trust) =>
    [
        .. trust.Statement.SelectMany(statement => (statement.Principal ?? statement.NotPrincipal)?.AWS ?? [])
            .Select(arn => arn.Split(':', 6))
            .Where(parts => parts is [_, _, "iam", _, _, var resource] && (resource.StartsWith("role/", StringComparison.Ordinal) || resource.StartsWith("user/", StringComparison.Ordinal)))
            .Select(parts => (parts[5][..4], parts[5][(parts[5].LastIndexOf('/') + 1)..])),
    ];

    private static async Task<bool> AnyIsNewAsync(IdentityClient client, IReadOnlyList<(string Kind, string Name)> named, CancellationToken cancellation)
    {
        foreach ((string kind, string name) in named)
        {
            try
            {
                DateTimeOffset? created = kind == "role"
                    ? (await client.IamItemAsync("GetRole", $"Role '{name}'", name, cancellation, ("RoleName", name))).Date("CreateDate")
                    : (await client.IamItemAsync("GetUser", $"User '{name}'", name, cancellation, ("UserName", name))).Date("CreateDate");
                if (created is { } birth && DateTimeOffset.UtcNow - birth < New)
                {
                    return true;
                }
            }
            catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.AccessDenied)
            {
                // It does not exist, or nobody may know: what the service said stands.
            }
        }

        return false;
    }
}
