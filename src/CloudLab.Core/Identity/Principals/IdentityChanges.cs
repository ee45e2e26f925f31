using System.Globalization;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Changes that users and roles have in common.</summary>
internal static class IdentityChanges
{
    /// <summary>Makes the tags of something what they should be.</summary>
    /// <param name="client">The services.</param>
    /// <param name="kind"><c>User</c>, <c>Role</c>, <c>InstanceProfile</c>: what the operations are named by.</param>
    /// <param name="subject">It in words.</param>
    /// <param name="name">Its name.</param>
    /// <param name="before">The tags it has.</param>
    /// <param name="after">The tags it should have.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when changed.</returns>
    public static async Task TagAsync(
        IdentityClient client, string kind, string subject, string name, IReadOnlyDictionary<string, string> before,
        IReadOnlyDictionary<string, string> after, CancellationToken cancellation)
    {
        string[] gone = [.. before.Keys.Where(key => !after.Keys.Contains(key, StringComparer.OrdinalIgnoreCase))];
        if (gone.Length > 0)
        {
            await client.IamAsync($"Untag{kind}", subject, name, cancellation, [(kind + "Name", name), .. gone.Select((key, index) =>
                (string.Create(CultureInfo.InvariantCulture, $"TagKeys.member.{index + 1}"), (string?)key))]);
        }

        Dictionary<string, string> changed = after.Where(tag => before.GetValueOrDefault(tag.Key) != tag.Value).ToDictionary(tag => tag.Key, tag => tag.Value);
        if (changed.Count > 0)
        {
            await client.IamAsync($"Tag{kind}", subject, name, cancellation, [(kind + "Name", name), .. IamXml.TagParameters(changed)]);
        }
    }

    /// <summary>Sets or removes a permissions boundary.</summary>
    /// <param name="client">The services.</param>
    /// <param name="kind"><c>User</c> or <c>Role</c>.</param>
    /// <param name="subject">It in words.</param>
    /// <param name="name">Its name.</param>
    /// <param name="boundary">ARN of the policy; empty to remove the boundary; null to leave it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when changed.</returns>
    public static async Task BoundAsync(
        IdentityClient client, string kind, string subject, string name, string? boundary, CancellationToken cancellation)
    {
        if (boundary is not null)
        {
            await (boundary.Length > 0
                ? client.IamAsync($"Put{kind}PermissionsBoundary", subject, name, cancellation, (kind + "Name", name), ("PermissionsBoundary", boundary))
                : client.IamAsync($"Delete{kind}PermissionsBoundary", subject, name, cancellation, (kind + "Name", name)));
        }
    }
}
