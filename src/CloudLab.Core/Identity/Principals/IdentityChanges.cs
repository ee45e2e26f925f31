using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Changes that users and roles have in common.</summary>
internal static class IdentityChanges
{
    /// <summary>Makes changes one after the other; where one fails, the error says which are made.</summary>
    /// <param name="client">The services.</param>
    /// <param name="subject">What changes, in words.</param>
    /// <param name="steps">Each change in words (<c>the tags</c>) and what makes it.</param>
    /// <returns>Done when all are made. Throws <see cref="LabException"/>.</returns>
    public static async Task RunAsync(IdentityClient client, string subject, IReadOnlyList<(string What, Func<Task> ChangeAsync)> steps)
    {
        for (int made = 0; made < steps.Count; made++)
        {
            string State() => $"Already changed: {string.Join(", ", steps.Take(made).Select(step => step.What))}. Not changed: {string.Join(", ", steps.Skip(made).Select(step => step.What))}.";
            try
            {
                await steps[made].ChangeAsync();
            }
            catch (LabException e) when (made > 0)
            {
                throw e.Retold($"{e.Message} {State()}");
            }
            catch (OperationCanceledException) when (made > 0)
            {
                client.Reporter.Warning($"{subject}: the change was stopped. {State()}");
                throw;
            }
        }
    }

    /// <summary>Reads what was changed, to show it.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="subject">It in words.</param>
    /// <param name="get">Reads it.</param>
    /// <returns>It. Throws <see cref="LabException"/>, which says that the change was made.</returns>
    public static async Task<T> ReadBackAsync<T>(string subject, Func<Task<T>> get)
    {
        try
        {
            return await get();
        }
        catch (LabException e)
        {
            throw e.Retold($"{subject} was changed, but cannot be read to show it: {e.Message}");
        }
    }

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
    /// <param name="boundary">ARN of the policy; empty to remove the boundary.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when changed.</returns>
    public static Task BoundAsync(IdentityClient client, string kind, string subject, string name, string boundary, CancellationToken cancellation) => boundary.Length > 0
        ? client.IamAsync($"Put{kind}PermissionsBoundary", subject, name, cancellation, (kind + "Name", name), ("PermissionsBoundary", boundary))
        : client.IamAsync($"Delete{kind}PermissionsBoundary", subject, name, cancellation, (kind + "Name", name));
}
