using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Core.Identity.Policies.Actions;

/// <summary>What an action of S3 is done to; policies give each kind a resource of its own.</summary>
internal enum ActionPlace
{
    /// <summary>An action of another service, or one that is not known.</summary>
    Unknown,

    /// <summary>Objects: <c>bucket/*</c>.</summary>
    Object,

    /// <summary>A bucket, in a request that may have a prefix (<c>s3:prefix</c>).</summary>
    Listing,

    /// <summary>A bucket.</summary>
    Bucket,

    /// <summary>The account: <c>*</c>.</summary>
    Account,

    /// <summary>Something else of S3: an access point, a batch job.</summary>
    Other,
}

/// <summary>What is known of the names of actions: the one place through which policies ask the catalogue.</summary>
public static partial class PolicyActionNames
{
    /// <summary>The resource of the listing of buckets.</summary>
    public const string AllBuckets = "arn:aws:s3:::*";

    private static readonly Lazy<Dictionary<string, ActionPlace>> Places = new(() => ActionCatalogue.Match("s3:*").ToDictionary(action => action.Action, PlaceOfS3, StringComparer.OrdinalIgnoreCase));

    /// <summary>The permissions that an action needs. Throws <see cref="LabException"/> for what is no action.</summary>
    /// <param name="name">Action: <c>s3:GetObject</c>, or a call of the API: <c>s3:HeadObject</c>.</param>
    /// <param name="isNamed">Whether a policy names an action: then one that the catalogue lacks may be newer than it; others are refused if the catalogue knows the service (<c>ActionUnknown</c>).</param>
    /// <returns>The actions to decide on; one, unless the name is that of an API call that needs several.</returns>
    public static IReadOnlyList<string> Permissions(string name, Func<string, bool>? isNamed = null)
    {
        if (!Form().IsMatch(name))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ActionInvalid",
                name.AsSpan().IndexOfAny('*', '?') >= 0
                    ? $"'{name}' has wildcards, and a request is for one action: name it, such as s3:GetObject."
                    : $"'{name}' is not an action: write service:Name, such as s3:GetObject.")
            {
                Target = name,
            };
        }

        string[] parts = name.Split(':');
        if (!ActionCatalogue.HasService(parts[0]) || ActionCatalogue.Find(name) is not null)
        {
            return [name];
        }

        IReadOnlyList<string> permissions = ApiCalls.PermissionsOf(parts[0], parts[1]);
        return permissions.Count > 0 ? permissions : isNamed?.Invoke(name) == true ? [name] : throw new LabException(
            LabErrorKind.InvalidArgument, "ActionUnknown",
            $"'{name}' is not an action of {ActionCatalogue.ServiceName(parts[0])} in the catalogue of {ActionCatalogue.Date:yyyy-MM-dd}. {ApiCalls.WhatWasMeant(name)}")
        {
            Target = name,
            Advice = "An action that is newer than the catalogue can be asked about if one of the policies names it.",
        };
    }

    /// <summary>What an action is done to where a request names no resource: the listing of buckets has one all the same, and policies may name it.</summary>
    /// <param name="action">The action.</param>
    /// <param name="resource">ARN of the resource, or <c>*</c>.</param>
    /// <returns>The resource to decide on.</returns>
    public static string ResourceOf(string action, string resource) => resource == "*" && IsListingBuckets(action) ? AllBuckets : resource;

    /// <summary>Whether an action can be done to a resource at all: objects are not listed, buckets are not read.</summary>
    /// <param name="action">The action.</param>
    /// <param name="resource">ARN of the resource.</param>
    /// <returns>False where a request of that kind does not exist; true where it does or nothing is known.</returns>
    public static bool Fits(string action, string resource)
    {
        if (IsListingBuckets(action))
        {
            return resource == AllBuckets;
        }

        ActionPlace place = PlaceOf(action);
        if (place is ActionPlace.Unknown or ActionPlace.Other)
        {
            return true;
        }

        bool objectArn = resource.Contains('/', StringComparison.Ordinal);
        return place switch
        {
            ActionPlace.Object => objectArn,
            ActionPlace.Account => resource == "*",
            _ => resource is not ("*" or AllBuckets) && !(objectArn && IsPlain(resource)),
        };
    }

    /// <summary>Why a request of this kind does not exist, so that a decision on it means nothing.</summary>
    /// <param name="action">The action.</param>
    /// <param name="resource">ARN of the resource, or <c>*</c>, which stands for all.</param>
    /// <returns>A sentence that says what to ask about instead; null where the request can exist.</returns>
    public static string? Misfit(string action, string resource) => resource == AllBuckets || !IsPlain(resource) || Fits(action, resource) ? null : PlaceOf(action) switch
    {
        ActionPlace.Object => $"{action} is done to objects, never to a bucket: ask about an object, such as {resource}/key.",
        ActionPlace.Account => $"{action} is done to no single resource: leave the resource out.",
        _ => $"{action} is done to buckets, never to an object: ask about {resource.Split('/')[0]}.",
    };

    /// <summary>What an action is done to.</summary>
    /// <param name="action">The action.</param>
    /// <returns>The kind, for S3.</returns>
    internal static ActionPlace PlaceOf(string action) =>
        action.StartsWith("s3:", StringComparison.OrdinalIgnoreCase) ? Places.Value.GetValueOrDefault(action, ActionPlace.Unknown) : ActionPlace.Unknown;

    /// <summary>The actions of S3 that are done to one kind of thing.</summary>
    /// <param name="place">The kind.</param>
    /// <returns>Actions in order.</returns>
    internal static IEnumerable<string> OfS3(ActionPlace place) => Places.Value.Where(pair => pair.Value == place).Select(pair => pair.Key);

    // A bucket or an object. Of access points and the like, whose ARNs have a region and an account, nothing is known.
    private static bool IsPlain(string resource) => resource.Split(':', 6) is ["arn", _, "s3", "", "", _];

    private static bool IsListingBuckets(string action) => action.Equals("s3:ListAllMyBuckets", StringComparison.OrdinalIgnoreCase);

    private static ActionPlace PlaceOfS3(LabAction action)
    {
        bool On(string type) => action.Resource.Any(resource => resource.Name == type);
        return On("object") ? ActionPlace.Object
            : On("bucket") ? (ConditionKeyName.IsListed(action.ConditionKey, "s3:prefix") ? ActionPlace.Listing : ActionPlace.Bucket)
            : action.Resource.Count == 0 ? ActionPlace.Account
            : ActionPlace.Other;
    }

    [GeneratedRegex(@"^[A-Za-z0-9-]+:[A-Za-z0-9]+\z")]
    private static partial Regex Form();
}
