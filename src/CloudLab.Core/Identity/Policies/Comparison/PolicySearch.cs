using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Policies.Actions;
using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>
/// Looks for requests that one set of policies allows and another does not. Requests are made from the policies themselves: actions and
/// resources for every combination of their patterns, values of condition keys at the boundaries of their conditions, callers from their
/// principals. Each is decided by <see cref="PolicyEvaluator"/>: what is found is a real difference, and the statement that makes it.
/// </summary>
public sealed partial class PolicySearch
{
    private const int MostContexts = 512;
    private const int MostTries = 400_000;

    // Names for what policies only describe by a star. S3 has no account in its ARNs.
    private static readonly string[] SomeActions =
    [
        "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteBucket", "iam:PassRole", "iam:CreateUser", "iam:AttachRolePolicy", "sts:AssumeRole",
        "ec2:RunInstances", "ec2:DescribeInstances", "lambda:InvokeFunction", "kms:Decrypt", "secretsmanager:GetSecretValue", "dynamodb:GetItem",
        "sqs:SendMessage", "sns:Publish", "logs:PutLogEvents", "ecr:GetAuthorizationToken",
    ];

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

    private readonly IReadOnlyList<NamedPolicy> granting;
    private readonly IReadOnlyList<NamedPolicy> other;
    private readonly string indicator;
    private readonly Dictionary<string, List<PolicyCondition>> conditions = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> variables = new(StringComparer.OrdinalIgnoreCase);
    private readonly bool ofResource;
    private bool cut;

    /// <summary>Prepares a search.</summary>
    /// <param name="granting">Policies that must allow the requests to find.</param>
    /// <param name="other">Policies that must not; empty where anything that is allowed is to be found.</param>
    /// <param name="indicator">The side to show in what is found: <c>=&gt;</c> or <c>&lt;=</c>.</param>
    public PolicySearch(IReadOnlyList<NamedPolicy> granting, IReadOnlyList<NamedPolicy> other, string indicator)
    {
        (this.granting, this.other, this.indicator) = (granting, other, indicator);
        ofResource = IsOfResource(granting);
        foreach (PolicyDocument document in granting.Concat(other).Select(policy => policy.Document))
        {
            foreach (PolicyStatement statement in document.Statement)
            {
                foreach (PolicyCondition condition in statement.Condition)
                {
                    if (!conditions.TryGetValue(condition.Key, out List<PolicyCondition>? those))
                    {
                        conditions[condition.Key] = those = [];
                    }

                    those.Add(condition);
                }

                if (document.HasVariables)
                {
                    foreach (string text in statement.Resource.Concat(statement.NotResource).Concat(statement.Condition.SelectMany(condition => condition.Value)))
                    {
                        variables.UnionWith(Variable().Matches(text).Select(match => match.Groups[1].Value.Trim()).Where(key => key is not ("*" or "?" or "$")));
                    }
                }
            }
        }
    }

    /// <summary>Actions to look at, in place of those that the policies' patterns lead to.</summary>
    public IReadOnlyList<string>? Action { get; init; }

    /// <summary>Pattern that the actions must match, or null.</summary>
    public string? OnlyAction { get; init; }

    /// <summary>Pattern that the resources must match, or null.</summary>
    public string? OnlyResource { get; init; }

    /// <summary>How many requests were decided.</summary>
    public int Tried { get; private set; }

    /// <summary>Whether the search gave up before it had tried every combination: nothing found is no proof then.</summary>
    public bool IsCut => cut;

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
        PolicyContext known = new();
        foreach (string variable in variables)
        {
            known.Set(variable, ConditionValues.Example);
        }

        string[] actions = [.. Actions()];
        string[] resources = [.. Resources(known)];
        Dictionary<string, List<string[]?>> values = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, List<PolicyCondition> those) in conditions)
        {
            values[key] = ConditionValues.For(those, known, ref cut);
        }

        foreach (string variable in variables)
        {
            // With a value first: a statement whose variable has none matches nothing.
            values[variable] = values.TryGetValue(variable, out List<string[]?>? tried) ? [[ConditionValues.Example], .. tried] : [[ConditionValues.Example], null];
        }

        PolicyCaller[] callers = ofResource ? [.. Callers(values)] : [new PolicyCaller { Account = CallerText.ExampleAccount }];
        foreach (NamedPolicy policy in granting)
        {
            for (int i = 0; i < policy.Document.Statement.Count; i++)
            {
                if (policy.Document.Statement[i].Effect != PolicyEffect.Allow)
                {
                    continue;
                }

                IReadOnlyList<PolicyContext> contexts = Contexts(policy.Document.Statement[i], values, known);
                foreach (string action in actions)
                {
                    if (policy.Document.Matchers[i].IsAbout(action) && First(policy, i, action, resources, contexts, callers, cancellation) is { } found)
                    {
                        yield return found;
                    }
                }
            }
        }
    }

    private LabPolicyDifference? First(
        NamedPolicy policy, int index, string action, string[] resources, IReadOnlyList<PolicyContext> contexts, PolicyCaller[] callers, CancellationToken cancellation)
    {
        string service = $":{action.Split(':')[0]}:";
        PolicyMatcher matcher = policy.Document.Matchers[index];
        foreach (string resource in resources.Where(resource => PolicyActionNames.Fits(action, resource)).OrderBy(resource => !resource.Contains(service, StringComparison.OrdinalIgnoreCase)))
        {
            foreach (PolicyContext context in contexts)
            {
                if (!matcher.IsOn(resource, policy.Document.HasVariables ? context : null))
                {
                    continue;
                }

                foreach (PolicyCaller caller in callers)
                {
                    if (!Agree(caller, context))
                    {
                        continue;
                    }

                    cancellation.ThrowIfCancellationRequested();
                    if (++Tried > MostTries)
                    {
                        cut = true;
                        return null;
                    }

                    PolicyRequest request = new(action, resource, caller, context);
                    PolicyDecision now = PolicyEvaluator.Evaluate(request, Set(granting));
                    PolicyStatement own = policy.Document.Statement[index];
                    bool decides = ofResource && now.Layer == PolicyLayer.Identity
                        ? PolicyEvaluator.GrantOf(own, caller) != PolicyEvaluator.Grant.None // The account is named: the callers' own policies decide.
                        : ReferenceEquals(now.Statement, own);
                    if (!now.Allowed || !decides)
                    {
                        continue;
                    }

                    PolicyOutcome? before = other.Count == 0 ? null : PolicyEvaluator.Evaluate(request, Set(other)).Outcome;
                    if (before != PolicyOutcome.Allowed)
                    {
                        return Found(policy, index, request, now.Outcome, before);
                    }
                }
            }
        }

        return null;
    }

    private LabPolicyDifference Found(NamedPolicy policy, int index, PolicyRequest request, PolicyOutcome now, PolicyOutcome? before)
    {
        PolicyStatement statement = policy.Document.Statement[index];
        PolicyContext told = request.Context;
        return new LabPolicyDifference
        {
            SideIndicator = indicator,
            Action = request.Action,
            Resource = request.Resource,
            Principal = ofResource ? request.Caller.Arn ?? request.Caller.Service ?? request.Caller.Federated ?? "anonymous" : null,
            Context = told.Entries.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value)),
            Reference = indicator == "<=" ? now : before,
            Difference = indicator == "<=" ? before ?? PolicyOutcome.ImplicitDeny : now,
            DecidedBy = $"{(statement.Sid is { Length: > 0 } sid ? $"statement '{sid}'" : $"statement {index + 1}")} of {policy.Name}",
            Statement = statement,
        };
    }

    // What a resource's policy grants is what it allows to callers whose own policies allow everything.
    private PolicySet Set(IReadOnlyList<NamedPolicy> policies) => ofResource
        ? new PolicySet { Identity = [Everything], Resource = Merged(policies), ResourceMustAllow = true }
        : new PolicySet { Identity = policies };

    private static NamedPolicy Merged(IReadOnlyList<NamedPolicy> policies) => policies.Count == 1
        ? policies[0]
        : new NamedPolicy("the policies", new PolicyDocument([.. policies.SelectMany(policy => policy.Document.Statement)]));

    private IEnumerable<string> Actions()
    {
        string[] texts = [.. Statements().SelectMany(statement => statement.Action.Concat(statement.NotAction)), .. OnlyAction is { } only ? [only] : Array.Empty<string>()];
        PatternWitness search = new(texts.Select(text => PolicyPattern.Expand(text, null, wildcards: true)!), ignoreCase: true);
        IReadOnlyList<string> found;
        if (Action is not null)
        {
            found = Action;
        }
        else
        {
            // Real names first; made up only where nothing is known of a service.
            string[] services = [.. texts.Select(text => text.Split(':')[0]).Distinct(StringComparer.OrdinalIgnoreCase)];
            string[] real = [.. texts.Where(text => text.AsSpan().IndexOfAny('*', '?') < 0), .. SomeActions, .. services.SelectMany(PolicyActionNames.OfService)];
            HashSet<string> listed = [.. services.Where(service => PolicyActionNames.OfService(service).Count > 0), "s3"];
            found = [.. search.Find(real, "?*:?*").Where((text, i) => i < real.Length || !listed.Contains(text.Split(':')[0].ToLowerInvariant()))];
            cut |= search.Cut;
        }

        string? wanted = OnlyAction is null ? null : PolicyPattern.Expand(OnlyAction, null, wildcards: true);
        return found.Distinct(StringComparer.OrdinalIgnoreCase).Where(action => wanted is null || PolicyPattern.IsMatch(wanted, action, ignoreCase: true));
    }

    private IEnumerable<string> Resources(PolicyContext known)
    {
        List<string> patterns = [PolicyPattern.Expand("arn:aws:s3:::?*/?*", null, wildcards: true)!];
        List<string> literal = [];
        foreach (PolicyDocument document in granting.Concat(other).Select(policy => policy.Document))
        {
            foreach (string text in document.Statement.SelectMany(statement => statement.Resource.Concat(statement.NotResource)))
            {
                // With the variables' values, and with their defaults.
                foreach (PolicyContext? context in document.HasVariables ? (PolicyContext?[])[known, new PolicyContext()] : [null])
                {
                    if (PolicyPattern.Expand(text, context, wildcards: true) is { } pattern)
                    {
                        patterns.Add(pattern);
                        if (!pattern.Any(PolicyPattern.IsWildcard))
                        {
                            literal.Add(pattern);
                        }
                    }
                }
            }
        }

        string? wanted = OnlyResource is null ? null : PolicyPattern.Expand(OnlyResource, null, wildcards: true);
        if (wanted is not null)
        {
            patterns.Add(wanted);
            literal.AddRange(OnlyResource!.AsSpan().IndexOfAny('*', '?') < 0 ? [OnlyResource!] : []);
        }

        PatternWitness search = new(patterns, ignoreCase: false);
        IReadOnlyList<string> found = search.Find([.. literal, .. SomeResources], "arn:?*:?*:*:*:?*");
        cut |= search.Cut;
        return found.Append("*").Where(resource => wanted is null || PolicyPattern.IsMatch(wanted, resource));
    }

    private IReadOnlyList<PolicyContext> Contexts(PolicyStatement statement, Dictionary<string, List<string[]?>> values, PolicyContext known)
    {
        // Of the keys that the statement itself asks for, only what it accepts; of the others, everything.
        List<(string Key, string[]?[] Values)> keys = [];
        foreach ((string key, List<string[]?> all) in values)
        {
            PolicyCondition[] own = [.. statement.Condition.Where(condition => condition.Key.Equals(key, StringComparison.OrdinalIgnoreCase))];
            string[]?[] kept = [.. all.Where(value => Array.TrueForAll(own, condition => condition.Test.Holds(condition.Value, value, known)))];
            if (kept.Length == 0)
            {
                return [];
            }

            keys.Add((key, kept));
        }

        double product = keys.Aggregate(1d, (count, key) => count * key.Values.Length);
        List<PolicyContext> contexts = [];
        Random random = new(9);
        for (int i = 0; i < Math.Min(product, MostContexts); i++)
        {
            PolicyContext context = new();
            int rest = i;
            foreach ((string key, string[]?[] kept) in keys)
            {
                // Every combination where there are few; else a sample that is the same each time.
                string[]? value = kept[product <= MostContexts ? rest % kept.Length : random.Next(kept.Length)];
                rest /= kept.Length;
                if (value is not null)
                {
                    context.Set(key, value);
                }
            }

            contexts.Add(context);
        }

        cut |= product > MostContexts;
        return contexts;
    }

    private IEnumerable<PolicyStatement> Statements() => granting.Concat(other).SelectMany(policy => policy.Document.Statement);

    // No request says of its caller what is not so.
    private bool Agree(PolicyCaller caller, PolicyContext context)
    {
        if (!ofResource)
        {
            return true;
        }

        if (caller.Account is null)
        {
            return !context.Entries.Keys.Any(key => key.StartsWith("aws:PrincipalA", StringComparison.OrdinalIgnoreCase) || key.Equals("aws:username", StringComparison.OrdinalIgnoreCase));
        }

        PolicyContext own = new();
        CallerText.Describe(caller, own);
        foreach ((string key, IReadOnlyList<string> value) in own.Entries)
        {
            if (conditions.ContainsKey(key) && context.Get(key) is not [_] || (context.Get(key) is [var said] && said != value[0]))
            {
                return false;
            }
        }

        return true;
    }

    private IEnumerable<PolicyCaller> Callers(Dictionary<string, List<string[]?>> values)
    {
        List<string> names = ["arn:aws:iam::999999999999:user/stranger"];
        foreach (string value in (values.GetValueOrDefault("aws:PrincipalArn") ?? []).Concat(values.GetValueOrDefault("aws:PrincipalAccount") ?? []).OfType<string[]>().Select(value => value[0]))
        {
            names.Add(value.Length == 12 && value.All(char.IsAsciiDigit) ? $"arn:aws:iam::{value}:user/{ConditionValues.Example}" : value);
        }

        foreach (PolicyPrincipal principal in Statements().SelectMany(statement => new[] { statement.Principal, statement.NotPrincipal }).OfType<PolicyPrincipal>())
        {
            names.AddRange(principal.Service);
            names.AddRange(principal.Federated);
            foreach (string name in principal.AWS)
            {
                // Whoever names an account means its users and roles.
                string? account = name.Length == 12 && name.All(char.IsAsciiDigit) ? name : name.Split(':') is ["arn", _, "iam", "", var of, "root"] ? of : null;
                names.Add(account is null ? name : $"arn:aws:iam::{account}:user/{ConditionValues.Example}");
            }
        }

        foreach (string name in names.Append("*").Distinct(StringComparer.Ordinal))
        {
            PolicyCaller? caller = null;
            try
            {
                caller = CallerText.Parse(name);
            }
            catch (Common.Errors.LabException)
            {
                // The id of somebody who was deleted, or a form that nobody calls with.
            }

            if (caller is not null)
            {
                yield return caller;
            }
        }
    }

    [GeneratedRegex(@"\$\{([^},]+)[^}]*\}")]
    private static partial Regex Variable();
}
