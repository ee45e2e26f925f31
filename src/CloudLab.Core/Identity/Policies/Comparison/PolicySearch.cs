using CloudLab.Core.Identity.Policies.Actions;
using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>
/// Looks for requests that one set of policies allows and another does not. All that the policies say of requests is collected from both sides: actions,
/// resources, callers, values of condition keys and of variables. For each, there is one candidate for every way in which the policies can tell it from others,
/// so that all requests behave like one of those that are tried. Each is decided by <see cref="PolicyEvaluator"/>: what is found is a real difference. What
/// could not be tried to the end, <see cref="Undecided"/> says: nothing found is no proof then.
/// </summary>
public sealed class PolicySearch
{
    private const int MostTries = 2_000_000;

    // Names for what policies only describe by a star. S3 has no account in its ARNs.
    private static readonly string[] SomeResources =
    [
        "arn:aws:s3:::example-bucket", "arn:aws:s3:::example-bucket/example-key", "arn:aws:iam::123456789012:role/example", "arn:aws:iam::123456789012:user/example",
        "arn:aws:ec2:eu-central-1:123456789012:instance/i-0123456789abcdef0", "arn:aws:lambda:eu-central-1:123456789012:function:example",
        "arn:aws:kms:eu-central-1:123456789012:key/example", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:example",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/example", "arn:aws:sqs:eu-central-1:123456789012:example",
        "arn:aws:sns:eu-central-1:123456789012:example", "arn:aws:logs:eu-central-1:123456789012:log-group:example",
    ];

    private static readonly NamedPolicy Everything = new(
        "any policy", new PolicyDocument([new PolicyStatement { Effect = PolicyEffect.Allow, Action = ["*"], Resource = ["*"] }]));

    private readonly List<Place> places;
    private readonly List<Place> suspects;
    private readonly Dictionary<string, List<PolicyCondition>> conditions = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<string[]?>> values = new(StringComparer.OrdinalIgnoreCase);
    private readonly Undecided undecided = new();
    private readonly VariableValues variables;
    private readonly PolicySet grantingSet;
    private readonly PolicySet? otherSet;
    private readonly string indicator;
    private readonly bool ofResource;

    /// <summary>Prepares a search.</summary>
    /// <param name="granting">Policies that must allow the requests to find.</param>
    /// <param name="other">Policies that must not; empty where anything that is allowed is to be found.</param>
    /// <param name="indicator">The side to show in what is found: <c>=&gt;</c> or <c>&lt;=</c>.</param>
    public PolicySearch(IReadOnlyList<NamedPolicy> granting, IReadOnlyList<NamedPolicy> other, string indicator)
    {
        this.indicator = indicator;
        ofResource = IsOfResource(granting);
        places = PlacesOf(granting, granting: true, 0);
        places.AddRange(PlacesOf(other, granting: false, places.Count));
        suspects = Suspects();
        foreach (PolicyCondition condition in places.SelectMany(place => place.Statement.Condition))
        {
            if (!conditions.TryGetValue(condition.Key, out List<PolicyCondition>? those))
            {
                conditions[condition.Key] = those = [];
            }

            those.Add(condition);
        }

        variables = new VariableValues([.. granting.Concat(other).Select(policy => policy.Document)], conditions, undecided);
        if (ofResource && new[] { granting, other }.Any(side => side.Select(policy => policy.Document.HasVariables).Distinct().Count() > 1) && variables.Names.Any())
        {
            undecided.Add("policies of one side have different versions, and only one of these has variables");
        }

        grantingSet = Set(granting);
        otherSet = other.Count == 0 ? null : Set(other);
    }

    /// <summary>Actions to look at, in place of those that the policies' patterns lead to.</summary>
    public IReadOnlyList<string>? Action { get; init; }

    /// <summary>Pattern that the actions must match, or null.</summary>
    public string? OnlyAction { get; init; }

    /// <summary>Pattern that the resources must match, or null.</summary>
    public string? OnlyResource { get; init; }

    /// <summary>How many requests were decided.</summary>
    public int Tried { get; private set; }

    /// <summary>What could not be tried to the end, each to complete a sentence; nothing found is no proof unless this is empty.</summary>
    public IReadOnlyList<string> Undecided => undecided.Reasons;

    /// <summary>Whether policies are those of resources or roles, which name principals.</summary>
    /// <param name="policies">The policies.</param>
    /// <returns>True if their statements name principals.</returns>
    public static bool IsOfResource(IReadOnlyList<NamedPolicy> policies) =>
        policies.Any(policy => policy.Document.Statement.Any(statement => (statement.Principal ?? statement.NotPrincipal) is not null));

    /// <summary>Searches.</summary>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>For each statement that allows something new, one request for each action.</returns>
    public IEnumerable<LabPolicyDifference> Find(CancellationToken cancellation = default)
    {
        if (suspects.Count == 0)
        {
            yield break;
        }

        List<PolicyStatement> statements = [.. places.Select(place => place.Statement)];
        IReadOnlyList<ActionClass> actions = ActionCandidates.For(statements, OnlyAction, Action, undecided);
        string[] resources = [.. Resources()];
        IReadOnlyList<PolicyCaller> callers = ofResource
            ? Distinguished(CallerCandidates.For(statements, conditions, variables, undecided))
            : [new PolicyCaller { Account = CallerText.ExampleAccount }];

        // What statements are about is decided once; requests that the same ones are about differ only in callers and conditions.
        ulong[][] on = [.. resources.Select(Mask)];
        Dictionary<string, List<(string Resource, ActionClass Actions)>> situations = new(StringComparer.Ordinal);
        foreach (ActionClass one in actions)
        {
            string action = one.Shown[0], service = $":{action.Split(':')[0]}:";
            bool[] about = [.. places.Select(place => place.Matcher.IsAbout(action))];
            if (!suspects.Exists(place => about[place.Index]))
            {
                continue;
            }

            HashSet<string> own = new(StringComparer.Ordinal);
            foreach (int r in Enumerable.Range(0, resources.Length).Where(r => PolicyActionNames.Fits(action, resources[r]))
                .OrderBy(r => !resources[r].Contains(service, StringComparison.OrdinalIgnoreCase)))
            {
                int width = (variables.All.Count + 63) / 64;
                string key = string.Create(places.Count * width * 4, (about, mask: on[r], width), static (span, state) =>
                {
                    for (int i = 0; i < state.mask.Length; i++)
                    {
                        ulong bits = state.about[i / state.width] ? state.mask[i] : 0;
                        for (int part = 0; part < 4; part++)
                        {
                            span[(i * 4) + part] = (char)(bits >> (part * 16));
                        }
                    }
                });
                if (!own.Add(key) || !suspects.Exists(place => about[place.Index] && on[r].AsSpan(place.Index * width, width).ContainsAnyExcept(0UL)))
                {
                    continue;
                }

                if (!situations.TryGetValue(key, out List<(string, ActionClass)>? those))
                {
                    situations[key] = those = [];
                }

                those.Add((resources[r], one));
            }
        }

        // A statement and an action are shown once.
        HashSet<(int, string)> shown = [];
        List<LabPolicyDifference> found = [];
        foreach (List<(string Resource, ActionClass Actions)> situation in situations.Values)
        {
            foreach ((Place place, PolicyRequest request, PolicyOutcome now, PolicyOutcome? before) in New(situation[0].Resource, situation[0].Actions.Shown[0], callers, cancellation))
            {
                foreach ((string resource, ActionClass those) in situation)
                {
                    foreach (string action in those.Shown.Where(action => shown.Add((place.Index, action.ToUpperInvariant()))))
                    {
                        found.Add(Found(place, request with { Action = action, Resource = resource }, now, before));
                    }
                }
            }
        }

        foreach (LabPolicyDifference difference in found)
        {
            yield return difference;
        }
    }

    // One request for each statement that allows something new.
    private List<(Place Place, PolicyRequest Request, PolicyOutcome Now, PolicyOutcome? Before)> New(
        string resource, string action, IReadOnlyList<PolicyCaller> callers, CancellationToken cancellation)
    {
        List<(Place, PolicyRequest, PolicyOutcome, PolicyOutcome?)> found = [];
        List<Place> relevant = [.. places.Where(place => place.Matcher.IsAbout(action)
            && variables.All.Any(assignment => place.Matcher.IsOn(resource, place.HasVariables ? assignment : null)))];
        HashSet<Place> left = [.. relevant.Where(suspects.Contains)];
        string[] names = [.. relevant.Where(place => place.HasVariables).SelectMany(place => VariableValues.Of(place.Statement)).Distinct(StringComparer.OrdinalIgnoreCase)];
        IReadOnlyList<PolicyContext> assignments = variables.Assignments(names, undecided);
        List<(string Key, string[]?[] Values)> keys = [.. relevant.SelectMany(place => place.Statement.Condition).GroupBy(condition => condition.Key, StringComparer.OrdinalIgnoreCase)
            .Where(group => !names.Contains(group.Key, StringComparer.OrdinalIgnoreCase))
            .Select(group => (group.Key, Values(group.Key, [.. group], assignments)))];
        if (keys.Aggregate((double)assignments.Count * callers.Count, (count, key) => count * key.Values.Length) is > MostTries)
        {
            undecided.Add($"{action} on {resource} depends on too many combinations of condition keys ({string.Join(", ", keys.Select(key => key.Key).Concat(names))})");
        }

        foreach (PolicyCaller caller in callers)
        {
            PolicyContext own = new();
            if (ofResource)
            {
                CallerText.Describe(caller, own);
            }

            foreach (PolicyContext assignment in assignments)
            {
                foreach (PolicyContext context in Contexts(assignment, names, keys, caller, own))
                {
                    if (left.Count == 0)
                    {
                        return found;
                    }

                    cancellation.ThrowIfCancellationRequested();
                    if (++Tried > MostTries)
                    {
                        undecided.Add("there are more combinations of actions, resources, callers and conditions than were tried");
                        return found;
                    }

                    // The policies of an identity allow what they name in other accounts, too: whether the resource's own policy lets it in is not what is compared.
                    PolicyRequest request = new(action, resource, caller, context) { ResourceAccount = ofResource ? null : caller.Account };
                    PolicyDecision now = PolicyEvaluator.Evaluate(request, grantingSet);
                    PolicyOutcome? before = now.Allowed && otherSet is not null ? PolicyEvaluator.Evaluate(request, otherSet).Outcome : null;
                    if (now.Allowed && before != PolicyOutcome.Allowed && Deciding(relevant, request, now) is { } place && left.Remove(place))
                    {
                        found.Add((place, request, now.Outcome, before));
                    }
                }
            }
        }

        return found;
    }

    // The account can be what is named: then the callers' own policies decide, and the statement that names it has let them.
    private static Place? Deciding(List<Place> relevant, PolicyRequest request, PolicyDecision now) => relevant.Find(place => place.Granting && ReferenceEquals(place.Statement, now.Statement))
        ?? relevant.Find(place => place.Granting && place.Statement.Effect == PolicyEffect.Allow
            && PolicyEvaluator.GrantOf(place.Statement, request.Caller) != PolicyEvaluator.Grant.None
            && place.Matcher.IsOn(request.Resource, place.HasVariables ? request.Context : null)
            && PolicyEvaluator.Hold(place.Statement.Condition, request.Context, place.HasVariables ? request.Context : null));

    // The values of a key, one for each combination of conditions that are met by it.
    private string[]?[] Values(string key, IReadOnlyList<PolicyCondition> those, IReadOnlyList<PolicyContext> assignments)
    {
        if (!values.TryGetValue(key, out List<string[]?>? all))
        {
            values[key] = all = ConditionValues.For(key, conditions[key], variables.All, undecided);
        }

        return [.. all.DistinctBy(value => string.Concat(((IEnumerable<PolicyContext?>)[.. assignments, null]).SelectMany(
            assignment => those.Select(condition => condition.Test.Holds(condition.Value, value, assignment) ? '1' : '0'))))];
    }

    private IEnumerable<PolicyContext> Contexts(
        PolicyContext assignment, string[] names, List<(string Key, string[]?[] Values)> keys, PolicyCaller caller, PolicyContext own)
    {
        // No request says of its caller what is not so.
        foreach (string name in names)
        {
            if (!Agree(name, assignment.Get(name), caller, own))
            {
                yield break;
            }
        }

        List<(string Key, IReadOnlyList<string>?[] Values)> free = [.. keys.Select(key => (key.Key, own.Get(key.Key) is { } said
            ? [said]
            : (IReadOnlyList<string>?[])[.. key.Values.Where(value => Agree(key.Key, value, caller, own))]))];
        int[] at = new int[free.Count];
        while (true)
        {
            PolicyContext context = new();
            foreach ((string key, IReadOnlyList<string> value) in assignment.Entries)
            {
                context.Set(key, [.. value]);
            }

            for (int i = 0; i < at.Length; i++)
            {
                if (free[i].Values[at[i]] is { } value)
                {
                    context.Set(free[i].Key, [.. value]);
                }
            }

            yield return context;
            int next = 0;
            while (next < at.Length && ++at[next] == free[next].Values.Length)
            {
                at[next++] = 0;
            }

            if (next == at.Length)
            {
                yield break;
            }
        }
    }

    private bool Agree(string key, IReadOnlyList<string>? value, PolicyCaller caller, PolicyContext own)
    {
        if (!ofResource)
        {
            return true;
        }

        if (own.Get(key) is { } said)
        {
            return value is [var one] && one == said[0];
        }

        bool ofAccount = key.StartsWith("aws:PrincipalA", StringComparison.OrdinalIgnoreCase) || key.Equals("aws:username", StringComparison.OrdinalIgnoreCase);
        return value is null || !ofAccount;
    }

    private LabPolicyDifference Found(Place place, PolicyRequest request, PolicyOutcome now, PolicyOutcome? before) => new()
    {
        SideIndicator = indicator,
        Action = request.Action,
        Resource = request.Resource,
        Principal = ofResource ? request.Caller.Arn ?? request.Caller.Service ?? request.Caller.Federated ?? request.Caller.CanonicalUser ?? "anonymous" : null,
        Context = request.Context.Entries.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value)),
        Reference = indicator == "<=" ? now : before,
        Difference = indicator == "<=" ? before ?? PolicyOutcome.ImplicitDeny : now,
        DecidedBy = $"{(place.Statement.Sid is { Length: > 0 } sid ? $"statement '{sid}'" : $"statement {place.Number + 1}")} of {place.Policy}",
        Statement = place.Statement,
    };

    // What a resource's policy grants is what it allows to callers whose own policies allow everything.
    private PolicySet Set(IReadOnlyList<NamedPolicy> policies) => ofResource
        ? new PolicySet { Identity = [Everything], Resource = Merged(policies), ResourceMustAllow = true }
        : new PolicySet { Identity = policies };

    private static NamedPolicy Merged(IReadOnlyList<NamedPolicy> policies) => policies.Count == 1
        ? policies[0]
        : new NamedPolicy("the policies", new PolicyDocument([.. policies.SelectMany(policy => policy.Document.Statement)], policies[0].Document.Version));

    private static List<Place> PlacesOf(IReadOnlyList<NamedPolicy> policies, bool granting, int first) =>
        [.. policies.SelectMany(policy => policy.Document.Statement.Select((statement, i) => (Policy: policy, Statement: statement, Number: i)))
            .Select((found, i) => new Place(first + i, granting, found.Policy.Name, found.Number, found.Statement, found.Policy.Document.Matchers[found.Number], found.Policy.Document.HasVariables))];

    // The statements that can allow something new. One that the other side has, word for word, can do so only if the other side denies more.
    private List<Place> Suspects()
    {
        List<Place> allowing = [.. places.Where(place => place.Granting && place.Statement.Effect == PolicyEffect.Allow)];
        HashSet<string> mine = [.. places.Where(place => place.Granting).Select(Text)], others = [.. places.Where(place => !place.Granting).Select(Text)];
        bool deniesMore = places.Exists(place => !place.Granting && place.Statement.Effect == PolicyEffect.Deny && !mine.Contains(Text(place)));
        return deniesMore ? allowing : [.. allowing.Where(place => !others.Contains(Text(place)))];

        static string Text(Place place) => place.HasVariables + new PolicyDocument([place.Statement with { Sid = null }]).ToJson(indented: false);
    }

    // Bits for each statement: with which values of the variables it is on the resource.
    private ulong[] Mask(string resource)
    {
        int width = (variables.All.Count + 63) / 64;
        ulong[] mask = new ulong[places.Count * width];
        foreach (Place place in places)
        {
            bool varies = place.HasVariables && VariableValues.Of(place.Statement).Any();
            for (int i = 0; i < variables.All.Count; i++)
            {
                if (varies || i == 0 ? place.Matcher.IsOn(resource, place.HasVariables ? variables.All[i] : null) : (mask[place.Index * width] & 1) != 0)
                {
                    mask[(place.Index * width) + (i / 64)] |= 1UL << (i % 64);
                }
            }
        }

        return mask;
    }

    private IEnumerable<string> Resources()
    {
        List<WitnessPattern> patterns = [Pattern("arn:*:s3:::*/*"), Pattern("*/*")];
        List<WitnessPattern> universes = [];
        List<string> literal = [];
        foreach (Place place in places)
        {
            foreach (string text in place.Statement.Resource.Concat(place.Statement.NotResource).SelectMany(PolicyPattern.Completed))
            {
                IEnumerable<PolicyContext?> contexts = place.HasVariables && text.Contains("${", StringComparison.Ordinal) ? (IEnumerable<PolicyContext?>)variables.All : [null];
                foreach (string expanded in contexts.Select(context => PolicyPattern.Expand(text, context, wildcards: true)).OfType<string>().Distinct(StringComparer.Ordinal))
                {
                    patterns.Add(new WitnessPattern(expanded));
                    if (!expanded.Any(PolicyPattern.IsWildcard))
                    {
                        literal.Add(expanded);
                    }

                    if (suspects.Contains(place) && place.Statement.NotResource.Count == 0)
                    {
                        universes.Add(new WitnessPattern(expanded));
                    }
                }
            }

            if (suspects.Contains(place) && place.Statement.Resource.Count == 0)
            {
                universes.Add(Pattern("*"));
            }
        }

        // Only what one of the statements that matter is on; what is no ARN is no resource.
        WitnessPattern? wanted = OnlyResource is null ? null : Pattern(OnlyResource);
        if (wanted is { } one)
        {
            patterns.Add(one);
            literal.AddRange(OnlyResource!.AsSpan().IndexOfAny('*', '?') < 0 ? [OnlyResource!] : []);
        }

        patterns.Add(Pattern("arn:?*:?*:*:*:?*"));
        PatternWitness search = new(patterns);
        IReadOnlyList<string> found = search.Find([.. literal, .. SomeResources], universes);
        if (search.Cut)
        {
            undecided.Add("the patterns of the resources have too many combinations");
        }

        return found.Where(text => text.Split(':', 6) is ["arn", { Length: > 0 }, { Length: > 0 }, _, _, { Length: > 0 }]).Append("*").Append(PolicyActionNames.AllBuckets).Distinct(StringComparer.Ordinal)
            .Where(resource => wanted is null || PolicyPattern.IsMatch(wanted.Value.Text, resource));

        static WitnessPattern Pattern(string text) => new(PolicyPattern.Expand(text, null, wildcards: true)!);
    }

    // One of each kind of caller that the policies tell apart.
    private PolicyCaller[] Distinguished(IReadOnlyList<PolicyCaller> callers)
    {
        string[] keys = [.. conditions.Keys.Concat(variables.Names).Distinct(StringComparer.OrdinalIgnoreCase)];
        return [.. callers.DistinctBy(caller =>
        {
            PolicyContext own = new();
            CallerText.Describe(caller, own);
            return string.Concat(places.Select(place => (int)PolicyEvaluator.GrantOf(place.Statement, caller)))
                + $"{caller.Account is null}{caller.IsRoot}{caller.RoleArn is null}" + string.Join('\n', keys.Select(key => own.Get(key)?[0]));
        })];
    }

    private sealed record Place(int Index, bool Granting, string Policy, int Number, PolicyStatement Statement, PolicyMatcher Matcher, bool HasVariables);
}
