using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Attachments;

/// <summary>The policies of users, groups and roles: inline ones, and managed ones attached to them.</summary>
/// <param name="client">The services.</param>
public sealed class PolicyAttachmentStore(IdentityClient client)
{
    /// <summary>Lists the inline policies, then the attached ones.</summary>
    /// <param name="kind">What has them.</param>
    /// <param name="name">Its name.</param>
    /// <param name="inlineDocuments">Whether to ask for the documents of inline policies, one request for each.</param>
    /// <param name="attachedDocuments">Whether to ask for the documents of attached policies, two requests for each.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Policies. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async IAsyncEnumerable<LabPolicyAttachment> ListAsync(
        PrincipalKind kind, string name, bool inlineDocuments, bool attachedDocuments, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (LabPolicyAttachment inline in InlineAsync(kind, name, inlineDocuments, cancellation))
        {
            yield return inline;
        }

        ManagedPolicyStore managed = new(client);
        await foreach (LabPolicyAttachment attached in AttachedAsync(kind, name, cancellation))
        {
            yield return attachedDocuments ? attached with { Document = await managed.FindDocumentAsync(attached.PolicyArn!, cancellation) } : attached;
        }
    }

    /// <summary>Gets one inline policy.</summary>
    /// <param name="kind">What has it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="policy">The policy's name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<LabPolicyAttachment> GetInlineAsync(PrincipalKind kind, string name, string policy, CancellationToken cancellation = default)
    {
        string text = (await client.IamItemAsync($"Get{kind}Policy", $"Policy '{policy}' of {Words(kind, name)}", policy, cancellation, Owner(kind, name), ("PolicyName", policy))).Value;
        return new LabPolicyAttachment
        {
            PrincipalKind = kind, Principal = name, PolicyName = policy,
            Document = IamXml.Document(text, $"policy '{policy}' of {Words(kind, name)}", client.Reporter),
        };
    }

    /// <summary>Sets an inline policy; one of the same name is replaced.</summary>
    /// <param name="kind">What gets it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="policy">The policy's name.</param>
    /// <param name="document">What it allows and denies.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (NoSuchEntity, LimitExceeded, MalformedPolicyDocument).</returns>
    public async Task<LabPolicyAttachment> PutInlineAsync(
        PrincipalKind kind, string name, string policy, PolicyDocument document, CancellationToken cancellation = default)
    {
        document.Validated(PolicyKind.Identity);
        string owner = Words(kind, name);
        try
        {
            await client.IamAsync(
                $"Put{kind}Policy", $"Policy '{policy}' of {owner}", policy, cancellation, Owner(kind, name), ("PolicyName", policy),
                ("PolicyDocument", document.ToJson(indented: false)));
        }
        catch (LabException e) when (e.Code == "LimitExceeded")
        {
            int size = PolicySize.Of(document);
            try
            {
                await foreach (LabPolicyAttachment other in InlineAsync(kind, name, documents: true, cancellation))
                {
                    size += other.PolicyName != policy && other.Document is { } its ? PolicySize.Of(its) : 0;
                }
            }
            catch (LabException unread)
            {
                // Who may write policies need not be allowed to read them: the service's own error must do then.
                client.Reporter.Verbose($"The other inline policies of {owner} cannot be read, so their size is not known: {unread.Message}");
            }

            throw PolicySize.Explain(
                e, $"The inline policies of {owner}, with '{policy}'", size,
                kind switch { PrincipalKind.User => PolicySize.User, PrincipalKind.Group => PolicySize.Group, _ => PolicySize.Role },
                "Combine statements, use wildcards, or make it a managed policy (New-LabPolicy), which has room of its own.");
        }

        return new LabPolicyAttachment { PrincipalKind = kind, Principal = name, PolicyName = policy, Document = document };
    }

    /// <summary>Attaches a managed policy; one that is attached already stays so.</summary>
    /// <param name="kind">What gets it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="policyArn">The policy.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The attachment. Throws <see cref="LabException"/> (NoSuchEntity, LimitExceeded).</returns>
    public async Task<LabPolicyAttachment> AttachAsync(PrincipalKind kind, string name, string policyArn, CancellationToken cancellation = default)
    {
        await client.IamAsync($"Attach{kind}Policy", $"Policy {policyArn} and {Words(kind, name)}", policyArn, cancellation, Owner(kind, name), ("PolicyArn", policyArn));
        return new LabPolicyAttachment { PrincipalKind = kind, Principal = name, PolicyName = policyArn[(policyArn.LastIndexOf('/') + 1)..], PolicyArn = policyArn };
    }

    /// <summary>Removes an inline policy, or detaches a managed one.</summary>
    /// <param name="attachment">The policy.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task RemoveAsync(LabPolicyAttachment attachment, CancellationToken cancellation = default)
    {
        (PrincipalKind kind, string name) = (attachment.PrincipalKind, attachment.Principal);
        return attachment.PolicyArn is { } arn
            ? client.IamAsync($"Detach{kind}Policy", $"Policy {arn} and {Words(kind, name)}", arn, cancellation, Owner(kind, name), ("PolicyArn", arn))
            : client.IamAsync(
                $"Delete{kind}Policy", $"Policy '{attachment.PolicyName}' of {Words(kind, name)}", attachment.PolicyName, cancellation,
                Owner(kind, name), ("PolicyName", attachment.PolicyName));
    }

    /// <summary>Lists the names of inline policies.</summary>
    /// <param name="kind">What has them.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Names. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public IAsyncEnumerable<string> InlineNamesAsync(PrincipalKind kind, string name, CancellationToken cancellation = default) =>
        InlineAsync(kind, name, documents: false, cancellation).Select(policy => policy.PolicyName);

    /// <summary>Lists inline policies.</summary>
    /// <param name="kind">What has them.</param>
    /// <param name="name">Its name.</param>
    /// <param name="documents">Whether to ask for the documents.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Policies.</returns>
    internal async IAsyncEnumerable<LabPolicyAttachment> InlineAsync(
        PrincipalKind kind, string name, bool documents, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (XElement policy in client.IamListAsync($"List{kind}Policies", Subject(kind, name), name, cancellation, Owner(kind, name)))
        {
            yield return documents
                ? await GetInlineAsync(kind, name, policy.Value, cancellation)
                : new LabPolicyAttachment { PrincipalKind = kind, Principal = name, PolicyName = policy.Value };
        }
    }

    /// <summary>Lists attached policies, without their documents.</summary>
    /// <param name="kind">What has them.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Policies.</returns>
    internal async IAsyncEnumerable<LabPolicyAttachment> AttachedAsync(
        PrincipalKind kind, string name, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (XElement policy in client.IamOptionalListAsync($"ListAttached{kind}Policies", Subject(kind, name), name, cancellation, Owner(kind, name)))
        {
            yield return new LabPolicyAttachment
            {
                PrincipalKind = kind, Principal = name, PolicyName = policy.Text("PolicyName"), PolicyArn = policy.Text("PolicyArn"),
            };
        }
    }

    /// <summary>What keeps a user, group or role from being removed: its policies.</summary>
    /// <param name="kind">What has them.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Policies, in words and with what removes them.</returns>
    internal async IAsyncEnumerable<Holder> HoldersAsync(PrincipalKind kind, string name, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabPolicyAttachment policy in ListAsync(kind, name, inlineDocuments: false, attachedDocuments: false, cancellation))
        {
            yield return new(
                policy.IsInline ? $"inline policy '{policy.PolicyName}'" : $"managed policy {policy.PolicyArn}", token => RemoveAsync(policy, token));
        }
    }

    private static (string Name, string? Value) Owner(PrincipalKind kind, string name) => ($"{kind}Name", name);

    private static string Words(PrincipalKind kind, string name) => $"{kind.ToString().ToLowerInvariant()} '{name}'";

    private static string Subject(PrincipalKind kind, string name) => $"{kind} '{name}'";
}
