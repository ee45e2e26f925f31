using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Attachments;

/// <summary>The managed policies of an account and their versions.</summary>
/// <param name="client">The services.</param>
public sealed class ManagedPolicyStore(IdentityClient client)
{
    /// <summary>How many versions a policy may have.</summary>
    public const int MaxVersions = 5;

    /// <summary>Lists policies, page by page.</summary>
    /// <param name="scope">Whose.</param>
    /// <param name="pathPrefix">Beginning of their paths, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Policies, without documents and tags.</returns>
    public async IAsyncEnumerable<LabPolicy> ListAsync(
        PolicyScope scope, string? pathPrefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // moto answers with all policies, whatever is asked for.
        await foreach (XElement policy in client.IamListAsync("ListPolicies", "Policies", null, cancellation, ("Scope", scope.ToString()), ("PathPrefix", pathPrefix)))
        {
            LabPolicy read = Read(policy, IamXml.ReadTags(policy.Element("Tags")), null);
            if (scope == PolicyScope.All || read.IsAwsManaged == (scope == PolicyScope.AWS))
            {
                yield return read;
            }
        }
    }

    /// <summary>Gets one policy with its tags and the document of its version in force.</summary>
    /// <param name="arn">Its ARN.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabPolicy> GetAsync(string arn, CancellationToken cancellation = default)
    {
        (XElement policy, XElement version) = await client.IamManagedPolicyAsync(arn, cancellation);
        PolicyDocument? document = ReadVersion(arn, version, withDocument: true).Document;
        return Read(policy, await client.IamTagsAsync("ListPolicyTags", Subject(arn), policy, cancellation, ("PolicyArn", arn)), document);
    }

    /// <summary>The ARN of the policy that a name or an ARN stands for; the account's own come before AWS's.</summary>
    /// <param name="nameOrArn">The name, or the ARN.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The ARN. Throws <see cref="LabException"/> (NoSuchEntity, <c>ArnInvalid</c>).</returns>
    public async Task<string> FindArnAsync(string nameOrArn, CancellationToken cancellation = default)
    {
        if (IamName.Of("policy", nameOrArn) != nameOrArn)
        {
            return nameOrArn;
        }

        try
        {
            foreach (PolicyScope scope in new[] { PolicyScope.Local, PolicyScope.AWS })
            {
                await foreach (LabPolicy policy in ListAsync(scope, null, cancellation))
                {
                    if (string.Equals(policy.Name, nameOrArn, StringComparison.OrdinalIgnoreCase))
                    {
                        return policy.PolicyArn;
                    }
                }
            }
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            // A server that only knows AWS's own policies, by their ARNs.
            client.Reporter.Verbose($"The service does not list managed policies: '{nameOrArn}' is taken for one of AWS's own.");
            return "arn:aws:iam::aws:policy/" + nameOrArn;
        }

        throw new LabException(LabErrorKind.NotFound, "NoSuchEntity", $"Policy '{nameOrArn}': no managed policy of the account or of AWS has this name (NoSuchEntity).")
        {
            Target = nameOrArn, Advice = "Get-LabPolicy lists the account's policies; -Scope All includes those of AWS.",
        };
    }

    /// <summary>Creates a policy.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="document">What it allows and denies.</param>
    /// <param name="path">Path, from slash to slash, or null.</param>
    /// <param name="description">Words about it, or null.</param>
    /// <param name="tags">Tags by key.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded).</returns>
    public async Task<LabPolicy> CreateAsync(
        string name, PolicyDocument document, string? path, string? description, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation = default)
    {
        document.Validated(PolicyKind.Identity);
        try
        {
            XElement policy = await client.IamItemAsync(
                "CreatePolicy", Subject(name), name, cancellation,
                [("PolicyName", name), ("PolicyDocument", document.ToJson(indented: false)), ("Path", path), ("Description", description), .. IamXml.TagParameters(tags)]);
            return Read(policy, TextDictionary.Of(tags), document, description);
        }
        catch (LabException e) when (e.Code == "LimitExceeded")
        {
            throw TooLarge(e, name, document);
        }
    }

    /// <summary>Lists the versions of a policy, newest first.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Versions, without documents. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<IReadOnlyList<LabPolicyVersion>> VersionsAsync(string arn, CancellationToken cancellation = default) =>
        [.. (await client.IamListAsync("ListPolicyVersions", Subject(arn), arn, cancellation, ("PolicyArn", arn))
            .Select(version => ReadVersion(arn, version, withDocument: false)).ToListAsync(cancellation)).OrderByDescending(version => version.Number)];

    /// <summary>Gets one version with its document.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="versionId">The version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The version. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabPolicyVersion> GetVersionAsync(string arn, string versionId, CancellationToken cancellation = default) => ReadVersion(
        arn, await client.IamItemAsync("GetPolicyVersion", $"Version {versionId} of {Subject(arn)}", arn, cancellation, ("PolicyArn", arn), ("VersionId", versionId)),
        withDocument: true);

    /// <summary>Makes a new version the one in force.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="document">What it allows and denies from now on.</param>
    /// <param name="prune">Removes the oldest version that is not in force where there is no room for another.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The version. Throws <see cref="LabException"/> (LimitExceeded, MalformedPolicyDocument).</returns>
    public async Task<LabPolicyVersion> CreateVersionAsync(string arn, PolicyDocument document, bool prune, CancellationToken cancellation = default)
    {
        document.Validated(PolicyKind.Identity);
        string? room = null;
        while (true)
        {
            try
            {
                Task<XElement> SendAsync(CancellationToken token) => client.IamItemAsync(
                    "CreatePolicyVersion", Subject(arn), arn, token, ("PolicyArn", arn), ("PolicyDocument", document.ToJson(indented: false)), ("SetAsDefault", "true"));

                // What a version was removed for is carried through.
                XElement version = await (room is null ? SendAsync(cancellation) : Finishing.RunAsync(SendAsync, cancellation));
                LabPolicyVersion made = ReadVersion(arn, version, withDocument: false);
                return new LabPolicyVersion { PolicyArn = arn, VersionId = made.VersionId, IsDefault = true, CreateDate = made.CreateDate, Document = document };
            }
            catch (LabException e) when (room is not null)
            {
                throw e.Retold($"{e.Message} Version {room}, the oldest that was not in force, had been removed to make room; the version in force is as it was.");
            }
            catch (LabException e) when (e.Code == "LimitExceeded")
            {
                IReadOnlyList<LabPolicyVersion> versions = await VersionsAsync(arn, cancellation);
                if (PolicySize.Of(document) > PolicySize.Managed || versions.Count < MaxVersions || versions.LastOrDefault(version => !version.IsDefault) is not { } oldest)
                {
                    throw TooLarge(e, IamName.Of("policy", arn), document);
                }

                if (!prune)
                {
                    throw e.Retold(
                        $"{Subject(arn)} has {versions.Count} versions, and {MaxVersions} is the limit ({e.Code}). The oldest that is not in force is {oldest.VersionId}, of {oldest.CreateDate:u}.",
                        "Use -Force to remove the oldest version that is not in force, or remove another one with Remove-LabPolicyVersion.", target: arn);
                }

                client.Reporter.Verbose($"{Subject(arn)}: version {oldest.VersionId}, the oldest that is not in force, makes room for the new one.");
                await RemoveVersionAsync(arn, oldest.VersionId, cancellation);
                room = oldest.VersionId;
            }
        }
    }

    /// <summary>Puts a version in force.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="versionId">The version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is in force. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task SetDefaultAsync(string arn, string versionId, CancellationToken cancellation = default) => client.IamAsync(
        "SetDefaultPolicyVersion", $"Version {versionId} of {Subject(arn)}", arn, cancellation, ("PolicyArn", arn), ("VersionId", versionId));

    /// <summary>Removes a version that is not in force.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="versionId">The version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public async Task RemoveVersionAsync(string arn, string versionId, CancellationToken cancellation = default)
    {
        try
        {
            await client.IamAsync("DeletePolicyVersion", $"Version {versionId} of {Subject(arn)}", arn, cancellation, ("PolicyArn", arn), ("VersionId", versionId));
        }
        catch (LabException e) when (e.Code == "DeleteConflict")
        {
            throw e.Advising("The version in force cannot be removed: put another one in force first, with Set-LabPolicy -DefaultVersion.");
        }
    }

    /// <summary>Removes a policy.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="force">Also detaches it from users, groups and roles and removes its other versions.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public Task RemoveAsync(string arn, bool force, CancellationToken cancellation = default) => Removal.RunAsync(
        client, Subject(arn), arn, token => HoldersAsync(arn, token), token => client.IamAsync("DeletePolicy", Subject(arn), arn, token, ("PolicyArn", arn)),
        force, cancellation);

    /// <summary>The document in force of a policy.</summary>
    /// <param name="arn">The policy.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The document; null where the service has none to show.</returns>
    internal async Task<PolicyDocument?> FindDocumentAsync(string arn, CancellationToken cancellation)
    {
        try
        {
            return (await GetAsync(arn, cancellation)).Document;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The service does not show the document of {arn}.");
            return null;
        }
    }

    private static string Subject(string policy) => $"Policy '{policy}'";

    private static LabException TooLarge(LabException refused, string name, PolicyDocument document) => PolicySize.Explain(
        refused, $"Managed policy '{name}'", PolicySize.Of(document), PolicySize.Managed, "Combine statements, use wildcards, or divide it into several policies.");

    private static LabPolicy Read(XElement policy, TextDictionary tags, PolicyDocument? document, string? description = null) => new()
    {
        Name = policy.Text("PolicyName"),
        PolicyArn = policy.Text("Arn"),
        PolicyId = policy.Text("PolicyId"),
        Path = policy.OptionalText("Path") ?? "/",
        DefaultVersionId = policy.Text("DefaultVersionId"),
        AttachmentCount = policy.Number("AttachmentCount"),
        Description = policy.OptionalText("Description") ?? description,
        CreateDate = policy.Date("CreateDate"),
        UpdateDate = policy.Date("UpdateDate"),
        Tags = tags,
        Document = document,
    };

    private LabPolicyVersion ReadVersion(string arn, XElement version, bool withDocument) => new()
    {
        PolicyArn = arn,
        VersionId = version.Text("VersionId"),
        IsDefault = version.Text("IsDefaultVersion") == "true",
        CreateDate = version.Date("CreateDate"),
        Document = withDocument ? IamXml.Document(version.OptionalText("Document"), $"version {version.Text("VersionId")} of {Subject(arn)}", client.Reporter) : null,
    };

    private async IAsyncEnumerable<Holder> HoldersAsync(string arn, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // First what the removal must not do: without its boundary, a user or role may do more than before.
        await foreach ((PrincipalKind kind, string name) in EntitiesAsync(arn, "PermissionsBoundary", cancellation))
        {
            if (await IsBoundaryAsync(kind, name, arn, cancellation))
            {
                yield return new(
                    $"a use as permissions boundary of {kind.ToString().ToLowerInvariant()} '{name}'", null,
                    "A removal, even with -Force, leaves permissions boundaries alone: set others first, or remove them with Set-LabUser and Set-LabRole -RemovePermissionsBoundary.");
            }
        }

        PolicyAttachmentStore attachments = new(client);
        await foreach ((PrincipalKind kind, string name) in EntitiesAsync(arn, "PermissionsPolicy", cancellation))
        {
            LabPolicyAttachment attachment = new() { PrincipalKind = kind, Principal = name, PolicyName = arn, PolicyArn = arn };
            yield return new($"an attachment to {kind.ToString().ToLowerInvariant()} '{name}'", token => attachments.RemoveAsync(attachment, token));
        }

        foreach (LabPolicyVersion version in (await VersionsAsync(arn, cancellation)).Where(version => !version.IsDefault))
        {
            yield return new($"version {version.VersionId}", token => RemoveVersionAsync(arn, version.VersionId, token));
        }
    }

    private async IAsyncEnumerable<(PrincipalKind Kind, string Name)> EntitiesAsync(string arn, string usage, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Three lists in one answer, which come in pages together.
        string? marker = null;
        do
        {
            XElement page = await client.IamAsync(
                "ListEntitiesForPolicy", Subject(arn), arn, cancellation, ("PolicyArn", arn), ("PolicyUsageFilter", usage), ("Marker", marker));
            foreach (PrincipalKind kind in Enum.GetValues<PrincipalKind>())
            {
                foreach (XElement member in page.Members($"Policy{kind}s"))
                {
                    yield return (kind, member.Text($"{kind}Name"));
                }
            }

            marker = page.NextMarker(marker);
        }
        while (marker is not null);
    }

    // Some servers take no notice of the filter, and answer with what the policy is attached to.
    private async Task<bool> IsBoundaryAsync(PrincipalKind kind, string name, string arn, CancellationToken cancellation) =>
        kind != PrincipalKind.Group && (!client.HasOwnEndpoint
            || (await client.IamItemAsync($"Get{kind}", Subject(arn), arn, cancellation, ($"{kind}Name", name))).BoundaryArn() == arn);
}
