using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Sts;

namespace CloudLab.Core.Identity.Principals;

/// <summary>
/// Waits for roles. A role that IAM shows may not be usable yet: STS and the check of principals learn of it some seconds later.
/// </summary>
/// <param name="client">The services.</param>
/// <param name="options">How long and how often.</param>
public sealed class RoleWait(IdentityClient client, WaitOptions options)
{
    private static readonly PolicyDocument Everything = new([new PolicyStatement { Effect = PolicyEffect.Allow, Action = ["*"], Resource = ["*"] }]);

    private readonly RoleStore roles = new(client);

    /// <summary>Waits until a role can be used: where its trust policy lets the caller assume it, until that succeeds; else until IAM accepts a policy that names it.</summary>
    /// <param name="name">The role.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The role. Throws <see cref="LabException"/> (WaitTimeout).</returns>
    public Task<LabRole?> UsableAsync(string name, CancellationToken cancellation = default)
    {
        (string Arn, bool Trusted)? way = null;
        return Waiter.WaitAsync<LabRole?>(
            $"role '{name}' to be usable", name,
            async token =>
            {
                if (await roles.FindAsync(name, token) is not { } role)
                {
                    return new(false, null, "it does not exist");
                }

                way ??= (role.RoleArn, await TrustsCallerAsync(role, token));
                return way.Value.Trusted ? await AssumeAsync(role, token) : await NameAsync(role, token);
            },
            options, client.Reporter, cancellation);
    }

    /// <summary>Waits until a role exists, or until it is gone.</summary>
    /// <param name="name">The role.</param>
    /// <param name="gone">Whether it should be gone.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The role; null where it is gone. Throws <see cref="LabException"/> (WaitTimeout).</returns>
    public Task<LabRole?> ExistsAsync(string name, bool gone, CancellationToken cancellation = default) => Waiter.WaitAsync(
        gone ? $"role '{name}' to be gone" : $"role '{name}' to exist", name,
        async token =>
        {
            LabRole? role = await roles.FindAsync(name, token);
            return new Sighting<LabRole?>((role is null) == gone, role, role is null ? "it does not exist" : "it exists");
        },
        options, client.Reporter, cancellation);

    private async Task<Sighting<LabRole?>> AssumeAsync(LabRole role, CancellationToken cancellation)
    {
        try
        {
            await new CallerStore(client).AssumeAsync(role.RoleArn, "cloudlab-wait", TimeSpan.FromMinutes(15), null, null, null, cancellation);
            return new(true, role, "it can be assumed");
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotFound)
        {
            return new(false, role, $"it exists, and STS answers: {e.Message}");
        }
    }

    /// <summary>
    /// Has IAM check a trust policy that names the role: that of a role made for it, which denies everything, so that nobody could use
    /// it, and which is removed at once.
    /// </summary>
    private async Task<Sighting<LabRole?>> NameAsync(LabRole role, CancellationToken cancellation)
    {
        string probe = "cloudlab-wait-" + Guid.NewGuid().ToString("N")[..16];
        PolicyDocument trust = new(
            [new PolicyStatement { Effect = PolicyEffect.Deny, Principal = new PolicyPrincipal { AWS = [role.RoleArn] }, Action = ["sts:AssumeRole"] }]);
        bool refused = false;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            await Finishing.RunAsync(
                token => client.IamAsync(
                    "CreateRole", $"Role '{role.Name}'", role.Name, token, ("RoleName", probe), ("AssumeRolePolicyDocument", trust.ToJson(indented: false)),
                    ("Description", $"Checks whether role {role.Name} is accepted as a principal. It denies everything and can be removed.")),
                cancellation);
            return new(true, role, "IAM accepts a policy that names it");
        }
        catch (LabException e) when (e.Code == "MalformedPolicyDocument")
        {
            refused = true;
            return new(false, role, "it exists, and IAM does not accept a policy that names it yet");
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            refused = true;
            throw e.Retold(
                $"Role '{role.Name}' exists, but whether it is usable cannot be found out: {e.Message}",
                "The role does not trust you, so a policy that names it has to be tried, which needs iam:CreateRole and iam:DeleteRole. -Exists only waits until the role exists.",
                target: role.Name);
        }
        catch (OperationCanceledException)
        {
            // Nothing was sent.
            refused = true;
            throw;
        }
        finally
        {
            if (!refused)
            {
                await RemoveProbeAsync(probe);
            }
        }
    }

    // Also after a failure: the role may have been created all the same.
    private async Task RemoveProbeAsync(string probe)
    {
        try
        {
            await Finishing.RunAsync(token => client.IamAsync("DeleteRole", $"Role '{probe}'", probe, token, ("RoleName", probe)));
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // It was not created.
        }
        catch (LabException e)
        {
            client.Reporter.Warning($"Role '{probe}', which was created for this check and denies everything, could not be removed ({e.Message.TrimEnd('.')}): remove it with Remove-LabRole.");
        }
    }

    private async Task<bool> TrustsCallerAsync(LabRole role, CancellationToken cancellation)
    {
        if (role.TrustPolicy is not { } trust)
        {
            return false;
        }

        PolicyCaller caller;
        CallerStore callers = new(client);
        try
        {
            LabCallerIdentity identity = await callers.GetIdentityAsync(cancellation);
            string[] parts = identity.Arn.Split(':', 6);
            string resource = parts.Length == 6 ? parts[5] : "";
            caller = new PolicyCaller
            {
                Account = identity.Account,
                Arn = identity.Arn,
                RoleArn = resource.StartsWith("assumed-role/", StringComparison.Ordinal) ? (await callers.FindRoleAsync(resource.Split('/')[1], cancellation)).Arn : null,
                IsRoot = resource == "root",
            };
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            string account = await callers.GetAccountAsync(cancellation);
            caller = new PolicyCaller { Account = account, Arn = $"arn:aws:iam::{account}:root", IsRoot = true };
        }

        // Only what the trust policy says counts here: what the caller's own policies forbid would be an error to know of.
        return PolicyEvaluator.Evaluate(
            new PolicyRequest("sts:AssumeRole", role.RoleArn, caller, new PolicyContext()),
            new PolicySet { Identity = [new NamedPolicy("everything", Everything)], Resource = new NamedPolicy("the trust policy", trust), ResourceMustAllow = true }).Allowed;
    }
}
