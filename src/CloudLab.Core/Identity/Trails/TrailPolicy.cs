using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Trails;

/// <summary>Makes the smallest policy for what was done. It takes the calls one by one and keeps only what the policy needs.</summary>
public sealed class TrailPolicy
{
    private readonly SortedDictionary<string, ResourceSet> actions = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, ResourceSet?> listed = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> unknown = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Calls that were read.</summary>
    public long Read { get; private set; }

    /// <summary>Calls that the policy is for.</summary>
    public long Used { get; private set; }

    /// <summary>Calls that failed and were left out.</summary>
    public long Failed { get; private set; }

    /// <summary>Calls whose permission is not known, with their number.</summary>
    public IReadOnlyDictionary<string, int> Unknown => unknown;

    /// <summary>Adds the records of a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="filter">Whose calls count.</param>
    /// <param name="includeDenied">Whether calls count that were refused for lack of permission.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Done when it is read. Throws <see cref="Common.Errors.LabException"/>.</returns>
    public async Task AddAsync(TrailSource source, PrincipalFilter filter, bool includeDenied, CancellationToken cancellation = default)
    {
        TrailEvent record = new();
        await foreach (TrailEvent _ in source.ReadAsync(record, cancellation))
        {
            Read++;
            if (record.IdentityType == "AWSService" || !filter.Includes(record))
            {
                continue;
            }

            if (record.ErrorCode is not null && !(includeDenied && record.IsDenied))
            {
                Failed++;
                continue;
            }

            Add(record);
        }
    }

    /// <summary>Adds what was done.</summary>
    /// <param name="record">The call.</param>
    internal void Add(TrailEvent record)
    {
        IReadOnlyList<string> permissions = ApiCalls.PermissionsOf(record.Source, record.Name);
        if (permissions.Count == 0)
        {
            if (!ApiCalls.NeedsNoPermission(record.Source, record.Name) && !record.Source.StartsWith("signin.", StringComparison.Ordinal))
            {
                string call = $"{ApiCalls.PrefixOf(record.Source)}:{record.Name}";
                unknown[call] = unknown.GetValueOrDefault(call) + 1;
            }

            return;
        }

        Used++;
        foreach (LabAction action in ActionsOf(record))
        {
            IReadOnlyList<string> resources = ResourceFinder.Find(action, record);
            if (action.Action == "s3:ListBucket" && resources is [var bucket])
            {
                AddListing(bucket, record.Parameter("prefix"));
                continue;
            }

            foreach (string resource in resources)
            {
                Add(action.Action, resource);
            }

            if (action.DependentAction.Contains("iam:PassRole"))
            {
                foreach (string role in ResourceFinder.PassedRoles(record))
                {
                    Add("iam:PassRole", role);
                }
            }
        }
    }

    /// <summary>Makes the policy.</summary>
    /// <returns>The policy, or null if nothing was done that needs a permission.</returns>
    public PolicyDocument? Build()
    {
        for (int coarseness = 0; ; coarseness++)
        {
            List<PolicyStatement> statements = Statements(coarseness);
            if (statements.Count == 0)
            {
                return null;
            }

            PolicyDocument document = new(statements);
            if (coarseness == ResourceSet.Coarsest || document.ToJson(indented: false).Length <= PolicySize.Managed)
            {
                return document;
            }
        }
    }

    /// <summary>The actions that permit a call, with what it does besides.</summary>
    /// <param name="record">The call.</param>
    /// <returns>Actions of the catalogue.</returns>
    internal static IEnumerable<LabAction> ActionsOf(TrailEvent record) => ApiCalls.PermissionsOf(record.Source, record.Name).Concat(Besides(record))
        .Select(ActionCatalogue.Find).OfType<LabAction>().Select(action => OfVersion(action, record));

    // A version that is named needs a permission of its own: s3:GetObjectVersion.
    private static LabAction OfVersion(LabAction action, TrailEvent record)
    {
        bool named = !string.IsNullOrEmpty(record.Parameter("versionId"))
            || ResourceFinder.CopySource(action, record)?.Contains("?versionId=", StringComparison.Ordinal) == true;
        return named && action.Action.StartsWith("s3:", StringComparison.Ordinal)
            ? ActionCatalogue.Find(action.Action.Replace("Object", "ObjectVersion", StringComparison.Ordinal)) ?? action
            : action;
    }

    // What an upload sets besides the content.
    private static IEnumerable<string> Besides(TrailEvent record)
    {
        if (record.Name is "PutObject" or "CopyObject" or "CreateMultipartUpload" or "InitiateMultipartUpload")
        {
            if (record.Parameter("x-amz-acl") is not null)
            {
                yield return "s3:PutObjectAcl";
            }

            // The tags of an object are copied with it, unless the request has others.
            bool copiesTags = record.Name == "CopyObject" && record.Parameter("x-amz-tagging-directive") is not "REPLACE";
            if (copiesTags)
            {
                yield return "s3:GetObjectTagging";
            }

            if (copiesTags || record.Parameter("x-amz-tagging") is not null)
            {
                yield return "s3:PutObjectTagging";
            }
        }
    }

    private void Add(string action, string resource)
    {
        if (!actions.TryGetValue(action, out ResourceSet? set))
        {
            actions[action] = set = new ResourceSet();
        }

        set.Add(resource);
    }

    // With prefixes only, the listing can be limited to them.
    private void AddListing(string bucket, string? prefix)
    {
        if (string.IsNullOrEmpty(prefix))
        {
            listed[bucket] = null;
        }
        else if (!listed.TryGetValue(bucket, out ResourceSet? prefixes))
        {
            listed[bucket] = prefixes = new ResourceSet();
            prefixes.Add(Place(prefix));
        }
        else
        {
            prefixes?.Add(Place(prefix));
        }
    }

    // As an ARN, so that prefixes are generalised as objects are.
    private static string Place(string prefix) => "arn:aws:s3:::/" + ResourceFinder.Literal(prefix);

    private List<PolicyStatement> Statements(int coarseness)
    {
        // Listings without a limit go with the other actions on buckets.
        Dictionary<string, (List<string> Actions, List<string> Resources)> byResources = new(StringComparer.Ordinal);
        List<PolicyStatement> statements = [];
        List<string> open = [];
        foreach ((string bucket, ResourceSet? prefixes) in listed)
        {
            List<string> limits = [.. prefixes?.Write(coarseness).Select(place => place["arn:aws:s3:::/".Length..]).Select(prefix => prefix.EndsWith('*') ? prefix : prefix + "*") ?? []];
            if (limits.Count == 0 || limits.Contains("*"))
            {
                open.Add(bucket);
            }
            else
            {
                statements.Add(new PolicyStatement
                {
                    Effect = PolicyEffect.Allow, Action = ["s3:ListBucket"], Resource = [bucket], Condition = [new PolicyCondition("StringLike", "s3:prefix", limits)],
                });
            }
        }

        if (open.Count > 0)
        {
            Take("s3:ListBucket", open);
        }

        foreach ((string action, ResourceSet resources) in actions)
        {
            Take(action, resources.Write(coarseness));
        }

        statements.AddRange(byResources.Select(pair => new PolicyStatement
        {
            Effect = PolicyEffect.Allow,
            Action = [.. pair.Value.Actions.Order(StringComparer.OrdinalIgnoreCase)],
            Resource = pair.Value.Resources,
        }));
        return [.. statements.OrderBy(statement => statement.Action[0], StringComparer.OrdinalIgnoreCase).ThenBy(statement => statement.Resource[0], StringComparer.Ordinal)];

        void Take(string action, IEnumerable<string> resources)
        {
            // Actions on everything go together, others by service. Lengths keep names apart: a key may have any character.
            List<string> list = [.. resources];
            string key = (list is ["*"] ? "" : action[..action.IndexOf(':', StringComparison.Ordinal)]) + string.Concat(list.Select(resource => $" {resource.Length}:{resource}"));
            if (!byResources.TryGetValue(key, out (List<string> Actions, List<string> Resources) together))
            {
                byResources[key] = together = ([], list);
            }

            together.Actions.Add(action);
        }
    }
}
