using System.Text.Json.Nodes;
using CloudLab.Core.Common.Yaml;
using CloudLab.Tests.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Containers.Compose;

/// <summary>Compose files as people have them, converted by docker compose and ours, and taken by a cluster that validates.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ComposeConversionTests : KubeTest
{
    public ComposeConversionTests()
        : base(KubeServer.Emulator)
    {
        // Only the plugin is needed, which comes with the engine of the tests.
        _ = TestServers.Docker();
        File.WriteAllText(Path.Combine(Folder, "prometheus.yml"), "global: {}\n");
        File.WriteAllText(Path.Combine(Folder, "default.conf"), "server {}\n");
        File.WriteAllText(Path.Combine(Folder, "password.txt"), "s3cret");
        File.WriteAllText(Path.Combine(Folder, "Dockerfile"), "FROM scratch\n");
        Directory.CreateDirectory(Path.Combine(Folder, "conf"));
        File.WriteAllText(Path.Combine(Folder, "conf", "a.conf"), "x=1\n");
        Directory.CreateDirectory(Path.Combine(Folder, "vote"));
        Directory.CreateDirectory(Path.Combine(Folder, "other"));
        File.WriteAllText(Path.Combine(Folder, "other", "default.conf"), "other {}\n");
        File.WriteAllText(Path.Combine(Folder, "..data"), "x\n");
        File.WriteAllText(Path.Combine(Folder, ".env"), "FROM_DOTENV=\"one\ntwo=\"\n");
        Environment.SetEnvironmentVariable("CLOUDLAB_TEST_COMPOSE_TOKEN", "t0ken");
    }

    public static Dictionary<string, string> Files { get; } = new()
    {
        ["wordpress"] = """"
            services:
              db:
                image: mysql:8.0
                command: --default-authentication-plugin=mysql_native_password
                volumes: [db_data:/var/lib/mysql]
                restart: always
                environment: {MYSQL_ROOT_PASSWORD: somewordpress, MYSQL_DATABASE: wordpress}
                expose: [3306, 33060]
              wordpress:
                image: wordpress:6
                volumes: [wp_data:/var/www/html]
                ports: [80:80]
                restart: always
                environment: {WORDPRESS_DB_HOST: db, WORDPRESS_DB_PASSWORD: wordpress}
            volumes: {db_data: , wp_data: }
            """",
        ["voting"] = """"
            services:
              vote:
                build: {context: .}
                depends_on: {redis: {condition: service_healthy}}
                healthcheck: {test: ["CMD", "curl", "-f", "http://localhost"], interval: 15s, timeout: 5s, retries: 3, start_period: 10s}
                volumes: [./vote:/usr/local/app]
                ports: ["8080:80"]
                networks: [front-tier, back-tier]
              redis:
                image: redis:alpine
                healthcheck: {test: redis-cli ping, interval: "5s"}
                networks: [back-tier]
              worker: {image: "worker:1", networks: [back-tier]}
            networks: {front-tier: , back-tier: }
            """",
        ["monitoring"] = """"
            services:
              prometheus:
                image: prom/prometheus:v2
                command: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus']
                volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml:ro", "prom:/prometheus"]
                ports: [9090:9090]
                user: "65534:65534"
                extra_hosts: ["host.docker.internal:host-gateway", "gateway:10.0.0.1"]
              grafana:
                image: grafana/grafana:11
                environment: [GF_SECURITY_ADMIN_PASSWORD=admin, "GF_X=$$(NOT) $$$$"]
                ports: ["127.0.0.1:3000:3000"]
              node: {image: "node-exporter:1", pid: host, network_mode: host, deploy: {mode: global}}
            volumes: {prom: }
            """",
        ["airflow"] = """"
            x-airflow-common: &airflow-common
              image: ${AIRFLOW_IMAGE_NAME:-apache/airflow:2.9}
              environment: &airflow-env
                AIRFLOW__CORE__EXECUTOR: CeleryExecutor
                AIRFLOW__CORE__LOAD_EXAMPLES: 'true'
              user: "${AIRFLOW_UID:-50000}:0"
              depends_on: &deps
                postgres: {condition: service_healthy}
            services:
              postgres:
                image: postgres:13
                environment: {POSTGRES_PASSWORD: airflow}
                volumes: [pg:/var/lib/postgresql/data]
                healthcheck: {test: ["CMD", "pg_isready", "-U", "airflow"], interval: 10s, retries: 5, start_period: 5s}
                restart: always
              airflow-webserver:
                <<: *airflow-common
                command: webserver
                ports: ["8080:8080"]
                depends_on:
                  <<: *deps
                  airflow-init: {condition: service_completed_successfully}
              airflow-init:
                <<: *airflow-common
                entrypoint: /bin/bash
                command: ["-c", "echo $${ONE}; exec true"]
                environment:
                  <<: *airflow-env
                  _AIRFLOW_DB_MIGRATE: 'true'
                user: "0:0"
            volumes: {pg: }
            """",
        ["gitea"] = """"
            services:
              server:
                image: gitea/gitea:1.22
                container_name: gitea
                environment: [USER_UID=1000, GITEA__database__HOST=my_DB:5432]
                ports: [3000:3000, 2122:22]
                volumes: [gitea:/data, "/etc/timezone:/etc/timezone:ro"]
                stop_grace_period: 1m30s
              my_DB: {image: "postgres:14", expose: ["5432"]}
            volumes: {gitea: }
            """",
        ["nextcloud"] = """"
            services:
              app:
                image: nextcloud:29
                links: [db:database]
                volumes: [nextcloud:/var/www/html]
                secrets: [db_password]
                environment: {MYSQL_PASSWORD_FILE: /run/secrets/db_password}
                tmpfs: /tmp:size=64m
              cron: {image: "nextcloud:29", entrypoint: /cron.sh, volumes: ["nextcloud:/var/www/html"]}
              db: {image: "mariadb:10", expose: ["3306"], secrets: [{source: db_password, target: pw, mode: 0400}]}
            volumes: {nextcloud: }
            secrets: {db_password: {file: ./password.txt}}
            """",
        ["kafka"] = """"
            services:
              zookeeper: {image: "cp-zookeeper:7", hostname: zookeeper, ports: ["2181:2181"], environment: {ZOOKEEPER_CLIENT_PORT: 2181}}
              broker:
                image: cp-kafka:7
                hostname: broker
                depends_on: [zookeeper]
                ports: ["9092-9094:9092-9094", "5000:5000/udp"]
                environment: {KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092", KAFKA_BROKER_ID: 1}
                deploy: {replicas: 2, update_config: {parallelism: 1, order: start-first}}
            """",
        ["elastic"] = """"
            services:
              es01:
                image: elasticsearch:8
                ulimits: {memlock: {soft: -1, hard: -1}, nofile: 65536}
                mem_limit: 1073741824
                cap_add: [IPC_LOCK]
                cap_drop: [CAP_NET_RAW]
                sysctls: {net.core.somaxconn: 1024}
                environment: {"discovery.type": single-node, bootstrap.memory_lock: "true"}
                healthcheck: {test: ["CMD-SHELL", "curl -s http://localhost:9200 | grep -q 'missing'"], interval: 10s, timeout: 10s, retries: 120}
                ports: [9200]
                logging: {driver: json-file}
                shm_size: 256m
              kibana: {image: "kibana:8", depends_on: {es01: {condition: service_healthy}}, ports: ["5601:5601"], init: true, privileged: true, security_opt: ["no-new-privileges:true"]}
            """",
        ["traefik"] = """"
            services:
              traefik:
                image: traefik:v3
                command: ["--providers.docker=true"]
                ports: ["80:80", "8080:8080"]
                volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
                read_only: true
                security_opt: ["no-new-privileges:true"]
              whoami:
                image: traefik/whoami:v1
                labels: ["traefik.http.routers.whoami.rule=Host(`whoami.localhost`)", "a_very.long.label.name.that.cannot.be.the.key.of.an.annotation.in.kubernetes=1"]
            """",
        ["migration"] = """"
            services:
              migrate: {image: "app:1", command: [migrate], restart: "on-failure:3", depends_on: [db]}
              app: {image: "app:1", depends_on: {migrate: {condition: service_completed_successfully}}, ports: ["8000:8000"]}
              seed: {image: "app:1", command: [seed], restart: "no"}
              db: {image: "postgres:16", volumes: [/var/lib/postgresql/data]}
            """",
        ["profiles"] = """"
            services:
              web: {image: "web:1", ports: [8080:80]}
              debug: {image: "debug:1", profiles: [debug], tty: true, stdin_open: true, platform: linux/arm64}
            """",
        ["configs"] = """"
            services:
              web:
                image: nginx:1
                configs: [{source: site, target: /etc/nginx/conf.d/default.conf}, inline, {source: theirs, target: /x}]
                secrets: [token, {source: outside, target: /etc/outside}]
                volumes: ["./conf:/etc/conf:ro", "/anon", {type: volume, source: shared, target: /s, volume: {subpath: a}}, {type: tmpfs, target: /t, tmpfs: {size: 1048576}}]
                dns: [1.1.1.1]
                dns_search: example.org
                group_add: ["1000", wheel]
                working_dir: /srv
                deploy: {resources: {limits: {cpus: "0.5", memory: 512M}, reservations: {memory: 128M, devices: [{capabilities: [gpu], count: 1}]}}}
            configs: {site: {file: ./default.conf}, inline: {content: "a: ${WHO:-me}\n"}, theirs: {external: true}}
            secrets: {token: {environment: CLOUDLAB_TEST_COMPOSE_TOKEN}, outside: {external: true}}
            volumes: {shared: {external: true}}
            """",
        ["names"] = """"
            services:
              My_DB: {image: "x:1", ports: ["5432"], networks: {default: {aliases: [db, shared]}}}
              my-db: {image: "x:1", networks: {default: {aliases: [web, shared]}}}
              web:
                image: "x:1"
                environment: {FOLDER: /data/My_DB/x, URL: "http://My_DB:80/", OTHER: my-db}
                volumes: ["a_b:/x", "a-b:/y", "./default.conf:/etc/1.conf:ro", "./other/default.conf:/etc/2.conf:ro", "./..data:/etc/3.conf:ro"]
                secrets: [a_b, a-b]
                configs: [c_d, c-d]
              9nine: {image: "x:1"}
              a-very-long-service-name-that-is-longer-than-sixty-three-characters-for-sure-one: {image: "x:1", ports: [80]}
              a-very-long-service-name-that-is-longer-than-sixty-three-characters-for-sure-two: {image: "x:1"}
            volumes: {a_b: , a-b: }
            secrets: {a_b: {environment: CLOUDLAB_TEST_COMPOSE_TOKEN}, a-b: {environment: FROM_DOTENV}}
            configs: {c_d: {content: "1"}, c-d: {content: "2"}}
            """",
        ["limits"] = """"
            services:
              web:
                image: x:1
                mem_limit: 100m
                mem_reservation: 200m
                cpus: 0.5
                deploy: {replicas: 0, resources: {reservations: {cpus: "1", memory: 200m}}}
                shm_size: 1gb
                tmpfs: [/dev/shm, "/run:size=50%", "/tmp:rw,size=64M,mode=1777"]
                environment: {0FOO: a, my var: b, Ä: c}
                extra_hosts: ["v6=[::1]", "Upper_Case:10.0.0.2"]
                healthcheck: {test: ["CMD-SHELL", "mysqladmin ping -p$$PASS || kill $$$$; echo $$(HOME)"], retries: 0, timeout: 0s}
                labels: {com..x/y: z}
                ports: ["[::1]:8080:80", "0.0.0.0:9000-9010:9000-9010", "8000-8005:81"]
              host: {image: "x:1", network_mode: host, sysctls: {net.core.somaxconn: 1024}, healthcheck: {test: [CMD]}}
              bare: {image: "x:1", entrypoint: [], command: [a, b]}
              barer: {image: "x:1", command: []}
              global: {image: "x:1", deploy: {mode: global, update_config: {parallelism: 0, order: start-first}}}
            """",
    };

    public static TheoryData<string> Names() => [.. Files.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_cluster_takes_it(string name)
    {
        (CmdletResult converted, _) = await ConvertAsync(name);
        CmdletResult deployed = (await RunAsync("Deploy-LabManifest", null, converted.Output)).Ok();
        Assert.Equal(converted.Output.Count, deployed.Output.Count);
    }

    [Fact]
    public async Task A_port_written_without_quotes_means_what_it_says()
    {
        JsonObject service = (await ConvertAsync("gitea")).Objects["Service/server"];
        Assert.Contains(service["spec"]!["ports"]!.AsArray(), port => (long)port!["port"]! == 2122 && (long)port["targetPort"]! == 22);
    }

    [Fact]
    public async Task A_name_that_is_none_in_Kubernetes_is_changed_wherever_it_is_used()
    {
        (CmdletResult result, Dictionary<string, JsonObject> objects) = await ConvertAsync("gitea");
        Assert.Contains("Deployment/my-db", objects.Keys);
        Assert.Equal("my-db:5432", Env(objects["Deployment/server"], "GITEA__database__HOST"));
        Assert.Contains(result.Warnings, warning => warning.StartsWith("my_DB: name:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_that_become_the_same_stay_apart()
    {
        (CmdletResult result, Dictionary<string, JsonObject> objects) = await ConvertAsync("names");
        Assert.Equal(("my-db", "my-db-2"), ((string?)objects["Service/db"]["spec"]!["selector"]!["app.kubernetes.io/name"], Env(objects["Deployment/web"], "OTHER")));
        Assert.Equal(("http://my-db:80/", "/data/My_DB/x"), (Env(objects["Deployment/web"], "URL"), Env(objects["Deployment/web"], "FOLDER")));
        Assert.Equal("web", (string?)objects["Service/web"]["spec"]!["selector"]!["app.kubernetes.io/name"]);
        Assert.Contains("my-db: networks.aliases: 'web' is a name of another service, too, and leads there only.", result.Warnings);
        Assert.Contains("PersistentVolumeClaim/a-b-2", objects.Keys);
        Assert.Equal(("t0ken", "one\ntwo="), ((string?)objects["Secret/a-b"]["stringData"]!["a_b"], (string?)objects["Secret/a-b-2"]["stringData"]!["a-b"]));
        Assert.Equal(("1", "2"), ((string?)objects["ConfigMap/c-d"]["data"]!["c_d"], (string?)objects["ConfigMap/c-d-2"]["data"]!["c-d"]));
        Assert.Equal(("server {}\n", "other {}\n"), ((string?)objects["ConfigMap/web-default-conf"]["data"]!["default.conf"], (string?)objects["ConfigMap/web-default-conf-2"]["data"]!["default.conf"]));
        Assert.Equal(2, objects.Keys.Count(key => key.StartsWith("Deployment/a-very-long", StringComparison.Ordinal)));
        Assert.All(objects.Keys, key => Assert.InRange(key.Split('/')[1].Length, 1, 63));
    }

    [Fact]
    public async Task What_Docker_takes_and_a_cluster_does_not_is_changed_and_said()
    {
        (CmdletResult result, Dictionary<string, JsonObject> objects) = await ConvertAsync("limits");
        JsonNode web = Container(objects["Deployment/web"]);
        Assert.Equal("""{"limits":{"cpu":"500m","memory":"100Mi"}}""", web["resources"]!.ToJsonString());
        Assert.Equal(["/dev/shm", "/run", "/tmp"], web["volumeMounts"]!.AsArray().Select(mount => (string)mount!["mountPath"]!));
        Assert.Equal([null, null, "64Mi"], objects["Deployment/web"]["spec"]!["template"]!["spec"]!["volumes"]!.AsArray().Select(volume => (string?)volume!["emptyDir"]!["sizeLimit"]));
        Assert.Equal("mysqladmin ping -p$PASS || kill $$$; echo $$(HOME)", (string?)web["livenessProbe"]!["exec"]!["command"]![2]);
        Assert.Equal("::1", (string?)objects["Deployment/web"]["spec"]!["template"]!["spec"]!["hostAliases"]![0]!["ip"]);
        Assert.Equal(["a", "b"], Container(objects["Deployment/bare"])["command"]!.AsArray().Select(part => (string)part!));
        foreach (string beginning in new[]
        {
            "web: deploy.resources.reservations: more memory", "web: deploy.resources.reservations: more cpu", "web: tmpfs: /run: a size of 50%", "web: volumes: something is mounted at /dev/shm",
            "web: environment: Ä", "web: extra_hosts: 'Upper_Case'", "web: labels: 'com..x/y'", "web: ports: ::1 is", "host: sysctls: net.core.somaxconn", "host: healthcheck:", "barer: command:",
        })
        {
            Assert.Single(result.Warnings, warning => warning.StartsWith(beginning, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(result.Warnings, warning => warning.Contains("0.0.0.0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Anchors_merge_keys_and_variables_are_resolved_and_a_dollar_stays_one()
    {
        Dictionary<string, JsonObject> objects = (await ConvertAsync("airflow")).Objects;
        JsonNode web = Container(objects["Deployment/airflow-webserver"]);
        Assert.Equal("apache/airflow:2.9", (string?)web["image"]);
        Assert.Equal("CeleryExecutor", Env(objects["Deployment/airflow-webserver"], "AIRFLOW__CORE__EXECUTOR"));
        JsonNode init = Container(objects["Job/airflow-init"]);
        Assert.Equal(["-c", "echo ${ONE}; exec true"], init["args"]!.AsArray().Select(part => (string)part!));
        Assert.Equal(0, (long)init["securityContext"]!["runAsUser"]!);
        Assert.Equal("airflow-init (service_completed_successfully), postgres (service_healthy)", (string?)objects["Deployment/airflow-webserver"]["spec"]!["template"]!["metadata"]!["annotations"]!["cloudlab/depends-on"]);
    }

    [Fact]
    public async Task What_Kubernetes_would_replace_is_escaped() =>
        Assert.Equal("$$(NOT) $$$", Env((await ConvertAsync("monitoring")).Objects["Deployment/grafana"], "GF_X"));

    [Fact]
    public async Task Health_checks_become_probes()
    {
        Dictionary<string, JsonObject> objects = (await ConvertAsync("voting")).Objects;
        JsonNode vote = Container(objects["Deployment/vote"]);
        Assert.Equal(["curl", "-f", "http://localhost"], vote["readinessProbe"]!["exec"]!["command"]!.AsArray().Select(part => (string)part!));
        Assert.Equal((15, 5, 3), ((long)vote["livenessProbe"]!["periodSeconds"]!, (long)vote["livenessProbe"]!["timeoutSeconds"]!, (long)vote["livenessProbe"]!["failureThreshold"]!));
        Assert.Equal((5, 5), ((long)vote["startupProbe"]!["periodSeconds"]!, (long)vote["startupProbe"]!["failureThreshold"]!));
        Assert.Equal(["/bin/sh", "-c", "redis-cli ping"], Container(objects["Deployment/redis"])["readinessProbe"]!["exec"]!["command"]!.AsArray().Select(part => (string)part!));
        Assert.Equal("None", (string?)objects["Service/redis"]["spec"]!["clusterIP"]);
    }

    [Fact]
    public async Task Tasks_become_jobs()
    {
        Dictionary<string, JsonObject> objects = (await ConvertAsync("migration")).Objects;
        Assert.Equal((3, "OnFailure"), ((long)objects["Job/migrate"]["spec"]!["backoffLimit"]!, (string)objects["Job/migrate"]["spec"]!["template"]!["spec"]!["restartPolicy"]!));
        Assert.Equal((0, "Never"), ((long)objects["Job/seed"]["spec"]!["backoffLimit"]!, (string)objects["Job/seed"]["spec"]!["template"]!["spec"]!["restartPolicy"]!));
        Assert.DoesNotContain("Service/migrate", objects.Keys);
    }

    [Fact]
    public async Task Contents_of_configs_secrets_and_small_files_come_along()
    {
        (CmdletResult result, Dictionary<string, JsonObject> objects) = await ConvertAsync("configs");
        Assert.Equal("server {}\n", (string?)objects["ConfigMap/site"]["data"]!["site"]);
        Assert.Equal("a: me\n", (string?)objects["ConfigMap/inline"]["data"]!["inline"]);
        Assert.Equal("t0ken", (string?)objects["Secret/token"]["stringData"]!["token"]);
        Assert.Equal("x=1\n", (string?)objects["ConfigMap/web-conf"]["data"]!["a.conf"]);
        JsonArray mounts = Container(objects["Deployment/web"])["volumeMounts"]!.AsArray();
        Assert.Contains(mounts, mount => (string?)mount!["mountPath"] == "/etc/nginx/conf.d/default.conf" && (string?)mount["subPath"] == "site");
        Assert.Contains(mounts, mount => (string?)mount!["mountPath"] == "/s" && (string?)mount["subPath"] == "a");
        Assert.Contains(result.Warnings, warning => warning.Contains("secrets.outside: it is external", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Warnings.Concat(result.Verbose), line => line.Contains("t0ken", StringComparison.Ordinal));
        Assert.Equal("500m", (string?)Container(objects["Deployment/web"])["resources"]!["limits"]!["cpu"]);
        Assert.Equal("512Mi", (string?)Container(objects["Deployment/web"])["resources"]!["limits"]!["memory"]);
    }

    [Theory]
    [InlineData("elastic", "es01: ulimits:")]
    [InlineData("elastic", "es01: logging:")]
    [InlineData("elastic", "kibana: init:")]
    [InlineData("traefik", "traefik: volumes: /var/run/docker.sock")]
    [InlineData("traefik", "whoami: labels:")]
    [InlineData("monitoring", "prometheus: extra_hosts: 'host.docker.internal")]
    [InlineData("monitoring", "grafana: ports: 127.0.0.1")]
    [InlineData("nextcloud", "volumes.nextcloud: several pods use it")]
    [InlineData("voting", "vote: build:")]
    [InlineData("voting", "networks.front-tier:")]
    [InlineData("configs", "web: group_add:")]
    [InlineData("migration", "db: volumes: /var/lib/postgresql/data has no name")]
    public async Task What_is_not_carried_over_is_said(string name, string beginning) =>
        Assert.Contains((await ConvertAsync(name)).Result.Warnings, warning => warning.StartsWith(beginning, StringComparison.Ordinal));

    [Fact]
    public async Task Only_services_of_enabled_profiles_are_converted()
    {
        Assert.DoesNotContain("Deployment/debug", (await ConvertAsync("profiles")).Objects.Keys);
        JsonObject debug = (await ConvertAsync("profiles", "debug")).Objects["Deployment/debug"];
        Assert.Equal("arm64", (string?)debug["spec"]!["template"]!["spec"]!["nodeSelector"]!["kubernetes.io/arch"]);
    }

    [Fact]
    public async Task Another_name_of_a_service_is_a_Service_too() =>
        Assert.Contains("Service/database", (await ConvertAsync("nextcloud")).Objects.Keys);

    [Fact]
    public async Task A_file_with_a_mistake_is_one_error()
    {
        string file = Path.Combine(Folder, "bad.yaml");
        await File.WriteAllTextAsync(file, "services: {a: {image: x, prots: [80]}}\n", Token);
        CmdletResult result = await CmdletRunner.RunAsync("ConvertTo-LabManifest", new { Compose = new[] { file } });
        Assert.StartsWith("ComposeFileInvalid,", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("prots", result.Error().ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private static JsonNode Container(JsonObject workload) => workload["spec"]!["template"]!["spec"]!["containers"]![0]!;

    private static string? Env(JsonObject workload, string name) =>
        (string?)Container(workload)["env"]!.AsArray().Single(variable => (string?)variable!["name"] == name)!["value"];

    private async Task<(CmdletResult Result, Dictionary<string, JsonObject> Objects)> ConvertAsync(string name, params string[] profiles)
    {
        string file = Path.Combine(Folder, name + ".yaml");
        await File.WriteAllTextAsync(file, Files[name], Token);
        object parameters = profiles.Length > 0 ? new { Compose = new[] { file }, Profile = profiles } : new { Compose = new[] { file } };
        CmdletResult result = (await CmdletRunner.RunAsync("ConvertTo-LabManifest", parameters)).Ok();
        return (result, result.OutputOf<string>().Select(text => (JsonObject)Assert.Single(YamlReader.Read(text)).Content!)
            .ToDictionary(each => $"{each["kind"]}/{each["metadata"]!["name"]}"));
    }
}
