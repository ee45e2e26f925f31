using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Principals;

/// <summary>The instance profiles of an account.</summary>
/// <param name="client">The services.</param>
public sealed class InstanceProfileStore(IdentityClient client)
{
    /// <summary>Lists instance profiles, page by page.</summary>
    /// <param name="pathPrefix">Beginning of their paths, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Profiles, without tags.</returns>
    public async IAsyncEnumerable<LabInstanceProfile> ListAsync(
        string? pathPrefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement profile in client.IamListAsync("ListInstanceProfiles", "Instance profiles", null, cancellation, ("PathPrefix", pathPrefix)))
        {
            yield return Read(profile);
        }
    }

    /// <summary>Looks one instance profile up.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The profile. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabInstanceProfile> GetAsync(string name, CancellationToken cancellation = default) =>
        Read(await client.IamItemAsync("GetInstanceProfile", Subject(name), name, cancellation, ("InstanceProfileName", name)));

    /// <summary>Creates an instance profile and puts a role into it: both, or neither.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">Path, from slash to slash, or null.</param>
    /// <param name="role">Name of the role, or null for none yet.</param>
    /// <param name="tags">Tags by key.</param>
    /// <param name="cancellation">Cancels the requests; what is already created is removed again.</param>
    /// <returns>The profile. Throws <see cref="LabException"/> (EntityAlreadyExists, NoSuchEntity).</returns>
    public async Task<LabInstanceProfile> CreateAsync(
        string name, string? path, string? role, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation = default)
    {
        XElement profile = await Finishing.RunAsync(
            token => client.IamItemAsync(
                "CreateInstanceProfile", Subject(name), name, token, [("InstanceProfileName", name), ("Path", path), .. IamXml.TagParameters(tags)]),
            cancellation);
        if (role is null)
        {
            return Read(profile);
        }

        try
        {
            await AddRoleAsync(name, role, cancellation);
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            await Undoing.RunAsync(
                client, Subject(name), name, "InstanceProfileHalfMade", "has no role", "Remove-LabInstanceProfile -Force", e, token => RemoveAsync(name, force: true, token));
            throw;
        }

        return Read(profile, role);
    }

    /// <summary>Puts a role into an instance profile; a role that was just created is waited for.</summary>
    /// <param name="name">The profile.</param>
    /// <param name="role">Name of the role.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is in it. Throws <see cref="LabException"/> (NoSuchEntity, LimitExceeded).</returns>
    public async Task AddRoleAsync(string name, string role, CancellationToken cancellation = default)
    {
        try
        {
            await NewPrincipal.RetryAsync(
                client, e => e.Code == "NoSuchEntity", [("role", role)],
                () => client.IamAsync(
                    "AddRoleToInstanceProfile", $"{Subject(name)} and role '{role}'", name, cancellation, ("InstanceProfileName", name), ("RoleName", role)),
                cancellation);
        }
        catch (LabException e) when (e.Code == "LimitExceeded")
        {
            throw e.Advising("An instance profile has one role: take the other out of it first, with Remove-LabInstanceProfileRole.");
        }
    }

    /// <summary>Takes a role out of an instance profile.</summary>
    /// <param name="name">The profile.</param>
    /// <param name="role">Name of the role.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is out of it. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task RemoveRoleAsync(string name, string role, CancellationToken cancellation = default) => client.IamAsync(
        "RemoveRoleFromInstanceProfile", $"{Subject(name)} and role '{role}'", name, cancellation, ("InstanceProfileName", name), ("RoleName", role));

    /// <summary>Removes an instance profile.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">Also takes its role out of it; the role stays.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public Task RemoveAsync(string name, bool force, CancellationToken cancellation = default) => Removal.RunAsync(
        client, Subject(name), name, token => HoldersAsync(name, token),
        token => client.IamAsync("DeleteInstanceProfile", Subject(name), name, token, ("InstanceProfileName", name)), force, cancellation);

    /// <summary>Names of the instance profiles that a role is in; none where the service has no instance profiles.</summary>
    /// <param name="role">Name of the role.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Names. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    internal IAsyncEnumerable<string> NamesOfRoleAsync(string role, CancellationToken cancellation) => client
        .IamOptionalListAsync("ListInstanceProfilesForRole", $"Role '{role}'", role, cancellation, ("RoleName", role))
        .Select(profile => profile.Text("InstanceProfileName"));

    private static string Subject(string name) => $"Instance profile '{name}'";

    private static LabInstanceProfile Read(XElement profile, string? role = null) => new()
    {
        Name = profile.Text("InstanceProfileName"),
        InstanceProfileArn = profile.Text("Arn"),
        InstanceProfileId = profile.Text("InstanceProfileId"),
        Path = profile.OptionalText("Path") ?? "/",
        RoleName = role ?? profile.Members("Roles").FirstOrDefault()?.OptionalText("RoleName"),
        CreateDate = profile.Date("CreateDate"),
        Tags = IamXml.ReadTags(profile.Element("Tags")),
    };

    private async IAsyncEnumerable<Holder> HoldersAsync(string name, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if ((await GetAsync(name, cancellation)).RoleName is { } role)
        {
            yield return new($"role '{role}'", token => RemoveRoleAsync(name, role, token));
        }
    }
}
