using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies.Actions;

namespace CloudLab.Core.Identity.Policies;

/// <summary>What may be done with the objects of a bucket.</summary>
public enum PolicyAccess
{
    /// <summary>See which ones there are.</summary>
    List,

    /// <summary>Read them.</summary>
    Read,

    /// <summary>Write and remove them.</summary>
    Write,
}

/// <summary>Statements that are asked for often, with no more in them than is needed.</summary>
public static partial class PolicyStatements
{
    /// <summary>Actions that reading objects needs.</summary>
    private static readonly string[] Reading = ["s3:GetObject"];

    /// <summary>Actions that writing objects, in parts too, and removing them needs.</summary>
    private static readonly string[] Writing =
        ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];

    // Providers that are named by host, without an ARN.
    private static readonly string[] WebProviders =
        ["cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com", "www.amazon.com"];

    /// <summary>Access to the objects of a bucket, or to those whose keys begin with a prefix.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="prefix">Beginning of the keys, or null for all.</param>
    /// <param name="write">Whether they may be written and removed, too.</param>
    /// <returns>One statement for listing and one for the objects.</returns>
    public static IReadOnlyList<PolicyStatement> ForBucket(string bucket, string? prefix, bool write) =>
        ForBucket(bucket, prefix, write ? [PolicyAccess.List, PolicyAccess.Read, PolicyAccess.Write] : [PolicyAccess.List, PolicyAccess.Read]);

    /// <summary>Access of some kinds to the objects of a bucket, or to those whose keys begin with a prefix.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="prefix">Beginning of the keys, or null for all.</param>
    /// <param name="access">What may be done.</param>
    /// <returns>One statement for listing, if asked for, and one for the objects, if asked for.</returns>
    public static IReadOnlyList<PolicyStatement> ForBucket(string bucket, string? prefix, IReadOnlyCollection<PolicyAccess> access) => ForBucket(
        PolicyEffect.Allow, bucket, prefix,
        [
            .. access.Contains(PolicyAccess.List) ? ["s3:ListBucket"] : Array.Empty<string>(),
            .. access.Contains(PolicyAccess.Read) ? Reading : [],
            .. access.Contains(PolicyAccess.Write) ? Writing : [],
        ]);

    /// <summary>
    /// Actions on a bucket and its objects, each with the resources that it can be done to: those of objects with the keys that begin with the
    /// prefix, those that list limited to the prefix, and the others with the bucket itself.
    /// </summary>
    /// <param name="effect">Allow or deny.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="prefix">Beginning of the keys, or null for all.</param>
    /// <param name="actions">Actions of S3; with wildcards, only those that have to do with keys when a prefix is given.</param>
    /// <returns>Up to three statements. Throws <see cref="LabException"/> (<c>ActionInvalid</c>) for actions that no bucket has.</returns>
    public static IReadOnlyList<PolicyStatement> ForBucket(PolicyEffect effect, string bucket, string? prefix, IReadOnlyList<string> actions)
    {
        bool limited = !string.IsNullOrEmpty(prefix);
        List<string> listing = [], own = [], objects = [];
        foreach (string action in actions)
        {
            if (!action.StartsWith("s3:", StringComparison.OrdinalIgnoreCase) && action != "*")
            {
                throw NotOfBucket(action, $"'{action}' is not an action of S3, so it does not go with -Bucket: give its -Resource.");
            }

            string pattern = PolicyPattern.Expand(action == "*" ? "s3:*" : action, null, wildcards: true)!;
            bool In(ActionPlace place) => PolicyActionNames.OfS3(place).Any(name => PolicyPattern.IsMatch(pattern, name, ignoreCase: true));
            bool wildcard = action.AsSpan().IndexOfAny('*', '?') >= 0, inObjects = In(ActionPlace.Object), inListing = In(ActionPlace.Listing), inOwn = In(ActionPlace.Bucket);
            if (!inObjects && !inListing && !inOwn)
            {
                throw NotOfBucket(action, In(ActionPlace.Account)
                    ? $"'{action}' is an action of the whole account, so it does not go with -Bucket: use -Resource *."
                    : In(ActionPlace.Other) ? $"'{action}' is not an action on buckets or objects, so it does not go with -Bucket: give its -Resource."
                    : $"'{action}' is not an action of S3. {Catalogue.ApiCalls.WhatWasMeant(action)}");
            }

            if (inObjects)
            {
                objects.Add(action);
            }

            if (limited && inListing)
            {
                // The names themselves: the pattern may match actions that know no prefix and would not be limited by it.
                listing.AddRange(wildcard ? PolicyActionNames.OfS3(ActionPlace.Listing).Where(name => PolicyPattern.IsMatch(pattern, name, ignoreCase: true)) : [action]);
            }

            if ((!limited && inListing) || (inOwn && (!limited || !wildcard)))
            {
                own.Add(action);
            }
        }

        // The prefix means itself, whatever characters are in it.
        string keys = (prefix ?? "").Replace("$", "${$}", StringComparison.Ordinal)
            .Replace("*", "${*}", StringComparison.Ordinal).Replace("?", "${?}", StringComparison.Ordinal) + "*";
        string bucketArn = "arn:aws:s3:::" + bucket;
        List<PolicyStatement> statements = [];
        void Add(List<string> those, string resource, IReadOnlyList<PolicyCondition> conditions)
        {
            if (those.Count > 0)
            {
                statements.Add(new PolicyStatement { Effect = effect, Action = those, Resource = [resource], Condition = conditions });
            }
        }

        Add(listing, bucketArn, limited ? [new PolicyCondition("StringLike", "s3:prefix", [keys])] : []);
        Add(own, bucketArn, []);
        Add(objects, bucketArn + "/" + keys, []);
        return statements;
    }

    /// <summary>A trust policy: who may assume a role.</summary>
    /// <param name="principals">
    /// Account ids, ARNs of accounts, users, roles or identity providers, names of services (<c>ec2.amazonaws.com</c>), or <c>*</c>.
    /// </param>
    /// <returns>The policy.</returns>
    public static PolicyDocument Trust(IEnumerable<string> principals) => new(
    [
        new PolicyStatement { Effect = PolicyEffect.Allow, Principal = Principal(principals), Action = ["sts:AssumeRole"] },
    ]);

    /// <summary>Sorts names of principals by their kind.</summary>
    /// <param name="names">As for <see cref="Trust"/>.</param>
    /// <returns>The principal. Throws <see cref="LabException"/> for a name of no known form.</returns>
    public static PolicyPrincipal Principal(IEnumerable<string> names)
    {
        List<string> aws = [], service = [], federated = [];
        foreach (string name in names)
        {
            (IsFederated(name) ? federated
                : name.StartsWith("arn:", StringComparison.Ordinal) && !name.Contains(',', StringComparison.Ordinal) || name == "*" || AccountOrId().IsMatch(name) ? aws
                : Host().IsMatch(name) ? service
                : throw NotPrincipal(name)).Add(name);
        }

        return new PolicyPrincipal { AWS = aws, Service = service, Federated = federated };
    }

    /// <summary>The ARN that a resource is meant by.</summary>
    /// <param name="resource">An ARN, <c>*</c>, or an S3 address: <c>s3://movies/data/*</c>.</param>
    /// <returns>The ARN or <c>*</c>.</returns>
    public static string Resource(string resource) => resource.StartsWith("s3://", StringComparison.OrdinalIgnoreCase)
        ? "arn:aws:s3:::" + resource["s3://".Length..]
        : resource;

    /// <summary>The ARN of what a request is for. Throws <see cref="LabException"/> (<c>ResourceInvalid</c>) for what is none.</summary>
    /// <param name="resource">An ARN, <c>*</c>, or an S3 address.</param>
    /// <returns>The ARN or <c>*</c>.</returns>
    public static string RequestResource(string resource)
    {
        string arn = Resource(resource);
        return arn == "*" || arn.Split(':', 6) is ["arn", { Length: > 0 }, { Length: > 0 }, _, _, { Length: > 0 }] ? arn : throw new LabException(
            LabErrorKind.InvalidArgument, "ResourceInvalid",
            arn.StartsWith("arn:", StringComparison.Ordinal) ? $"'{resource}' is not a whole ARN: write arn:partition:service:region:account:resource, such as arn:aws:s3:::movies/data/a.json."
            : $"'{resource}' is not a resource: give an ARN, an S3 address such as s3://{resource.TrimStart('/')}, or *.") { Target = resource };
    }

    /// <summary>Whether a principal is an identity provider: by the ARN of one, or the host of one that needs no ARN.</summary>
    /// <param name="name">Name of a principal.</param>
    /// <returns>True for a provider.</returns>
    internal static bool IsFederated(string name) => WebProviders.Contains(name, StringComparer.Ordinal)
        || (name.StartsWith("arn:", StringComparison.Ordinal)
            && (name.Contains(":saml-provider/", StringComparison.Ordinal) || name.Contains(":oidc-provider/", StringComparison.Ordinal)));

    private static LabException NotOfBucket(string action, string message) =>
        new(LabErrorKind.InvalidArgument, "ActionInvalid", message) { Target = action };

    private static LabException NotPrincipal(string name) => new(
        LabErrorKind.InvalidArgument, "PrincipalInvalid",
        name.Contains(',', StringComparison.Ordinal)
            ? $"'{name}' is one text with a comma in it, not a principal: give several as a list, without quotes around the whole: {string.Join(", ", name.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => $"'{part}'"))}."
            : ShortName().IsMatch(name)
                ? $"'{name}' is not a principal: for the service, write {name}.amazonaws.com; for a user or role, its ARN, such as arn:aws:iam::123456789012:user/{name}."
                : $"'{name}' is not a principal: give an account id, the ARN of an account, user or role, a service such as ec2.amazonaws.com, or *.")
    {
        Target = name,
    };

    // Accounts of AWS and of radosgw, and the unique ids that stand for users and roles that were deleted.
    [GeneratedRegex(@"^([0-9]{12}|RGW[0-9]{17}|A[A-Z]{2}A[A-Z0-9]{12,})\z")]
    private static partial Regex AccountOrId();

    [GeneratedRegex(@"^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.[a-z]+)?\z")]
    private static partial Regex Host();

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\z")]
    private static partial Regex ShortName();
}
