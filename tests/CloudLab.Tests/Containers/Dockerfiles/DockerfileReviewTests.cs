using System.Management.Automation;
using System.Text.Json;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Containers.Dockerfiles;
using CloudLab.Tests.Common;
using Xunit;

namespace CloudLab.Tests.Containers.Dockerfiles;

/// <summary>What the review of Dockerfiles finds, and what it leaves alone.</summary>
[Trait("Area", "Containers")]
public sealed class DockerfileReviewTests : IDisposable
{
    /// <summary>For each rule a file, the line in which it is found, and one in which it is not.</summary>
    private static readonly (string Rule, string Bad, int Line, string Good)[] Cases =
    [
        ("SyntaxError", "FROM scratch\nENV A\n", 2, "FROM scratch\nENV A=\n"),
        ("SyntaxError", "FROM scratch\nCOPY --form=x a b\n", 2, "FROM scratch\nCOPY --link a /b\n"),
        ("SyntaxError", "FROM scratch\nONBUILD FROM x\n", 2, "FROM scratch\nONBUILD RUN x\n"),
        ("SyntaxError", "FROM scratch\nRUN <<EOF\nx\n", 2, "FROM scratch\nRUN <<EOF\nx\nEOF\n"),
        ("SyntaxError", "FROM scratch\nENV A=${B\n", 2, "FROM scratch\nENV A=${B:-c}\n"),
        ("UnknownInstruction", "FROM scratch\nCOPPY a b\n", 2, "FROM scratch\nCOPY a /b\n"),
        ("InstructionBeforeFrom", "RUN x\nFROM scratch\n", 1, "ARG X=y\nFROM scratch\n"),
        ("DirectiveTooLate", "FROM scratch\n# syntax=docker/dockerfile:1\n", 2, "# syntax=docker/dockerfile:1\nFROM scratch\n"),
        ("NoEmptyContinuation", "FROM scratch\nRUN a && \\\n\n b\n", 4, "FROM scratch\nRUN a && \\\n#\n b\n"),
        ("ConsistentInstructionCasing", "FROM scratch\nWORKDIR /a\nuser 1\n", 3, "from scratch\nuser 1\n"),
        ("FromAsCasing", "FROM scratch as a\n", 1, "from scratch as a\n"),
        ("StageNameCasing", "FROM scratch AS Build\n", 1, "FROM scratch AS build\n"),
        ("DuplicateStageName", "FROM scratch AS a\nFROM scratch AS A\n", 2, "FROM scratch AS a\nFROM scratch AS b\n"),
        ("ReservedStageName", "FROM scratch AS context\n", 1, "FROM scratch AS contexts\n"),
        ("MaintainerDeprecated", "FROM scratch\nMAINTAINER x\n", 2, "FROM scratch\nLABEL maintainer=x\n"),
        ("LegacyKeyValueFormat", "FROM scratch\nENV A b\n", 2, "FROM scratch\nENV A=b\n"),
        ("ImageTagMissing", "FROM alpine\n", 1, "FROM alpine AS a\nFROM a\n".Replace("alpine", "alpine:3.20")),
        ("ImageTagMissing", "FROM 127.0.0.1:5000/alpine\n", 1, "FROM alpine@sha256:" + new string('a', 64) + "\n"),
        ("ImageTagMissing", "FROM scratch\nCOPY --from=busybox /bin/sh /sh\n", 2, "ARG V=1\nFROM alpine:${V}\n"),
        ("ImageTagLatest", "ARG V=latest\nFROM alpine:$V\n", 2, "FROM alpine:3.20\n"),
        ("ImageNotPinned", "FROM alpine:3.20\n", 1, "FROM scratch\n"),
        ("UndefinedArgInFrom", "ARG VERSON=1\nFROM alpine:3.$VERSION\n", 2, "ARG VERSION=1\nFROM alpine:3.$VERSION\n"),
        ("InvalidDefaultArgInFrom", "ARG IMAGE\nFROM ${IMAGE}\n", 2, "ARG IMAGE\nFROM ${IMAGE:-alpine:3}\n"),
        ("FromPlatformFlagConstDisallowed", "FROM --platform=linux/amd64 alpine:3\n", 1, "FROM --platform=linux/amd64 alpine:3 AS build-amd64\n"),
        ("RedundantTargetPlatform", "FROM --platform=$TARGETPLATFORM alpine:3\n", 1, "FROM --platform=$BUILDPLATFORM alpine:3\n"),
        ("CopyFromUnknown", "FROM scratch AS build\nFROM scratch\nCOPY --from=biuld /a /a\n", 3, "FROM scratch AS build\nFROM scratch\nCOPY --from=BUILD /a /a\n"),
        ("CopyFromUnknown", "FROM scratch\nCOPY --from=1 /a /a\n", 2, "FROM scratch\nFROM scratch\nCOPY --from=0 /a /a\n"),
        ("CopyFromUnknown", "FROM scratch AS a\nCOPY --from=a /a /a\n", 2, "FROM scratch AS a\nFROM scratch\nRUN --mount=type=bind,from=a,target=/x y\n"),
        ("CopyFromUnknown", "ARG S=a\nFROM scratch\nCOPY --from=$S /a /a\n", 3, "FROM scratch\nCOPY --from=busybox:1.36 /a /a\n"),
        ("CopyWholeFilesystem", "FROM scratch AS a\nFROM scratch\nCOPY --from=a / /\n", 3, "FROM scratch AS a\nFROM scratch\nCOPY --from=a /out /\n"),
        ("StageUnused", "FROM scratch AS a\nFROM scratch\n", 1, "FROM scratch AS a\nFROM a\n"),
        ("UndefinedVar", "FROM scratch\nCOPY $foo /\n", 2, "FROM scratch\nARG foo\nCOPY $foo /\n"),
        ("UndefinedVar", "FROM alpine:3\nENV APP_HOME=/x\nWORKDIR $APP_HOEM\n", 3, "FROM golang:1.22\nWORKDIR $GOPATH/src\nENV PATH=$PATH:$VIRTUAL_ENV\n"),
        ("UndefinedVar", "ARG V=1\nFROM alpine:$V\nLABEL v=$V\n", 3, "ARG NODE_VERSION=1\nFROM node:$NODE_VERSION\nLABEL v=$NODE_VERSION\n"),
        ("UndefinedVar", "FROM scratch\nCOPY <<EOF /a\n$x\nEOF\n", 2, "FROM scratch\nCOPY <<'EOF' /a\n$x\nEOF\n"),
        ("UndefinedVar", "FROM scratch\nENV A_PATH=/x:$A_PATH\n", 2, "FROM nvidia/cuda:12.4.1-base\nENV LD_LIBRARY_PATH=/x:$LD_LIBRARY_PATH\n"),
        ("ArgOutOfScope", "ARG V=1\nFROM alpine:$V\nRUN echo \"$V\"\n", 3, "ARG V=1\nFROM alpine:$V\nARG V\nRUN echo \"$V\"\n"),
        ("ArgOutOfScope", "FROM alpine:3\nRUN x-$TARGETARCH\n", 2, "FROM alpine:3\nRUN TARGETARCH=$(uname -m); x-$TARGETARCH '$TARGETOS'\n"),
        ("EnvSelfReference", "FROM alpine:3\nENV A=1 B=$A\n", 2, "FROM alpine:3\nENV A=1\nENV A=2 B=$A\n"),
        ("SecretsUsedInArgOrEnv", "FROM scratch\nARG GITHUB_TOKEN\n", 2, "FROM scratch\nENV TOKEN_FILE=/x PUBLIC_KEY=y MONKEY=z\n"),
        ("SecretsUsedInArgOrEnv", "FROM scratch\nENV SECRET_ID=x\n", 2, "FROM scratch\nENV GPG_KEY=7169605F SSH_AUTH_SOCK=/s KEY_NAME=a POSTGRES_HOST_AUTH_METHOD=md5 TOKEN_TTL=60 REQUIRE_AUTH=true AWS_ACCESS_KEY_ID=a\n"),
        ("SecretsUsedInArgOrEnv", "FROM scratch\nENV DB_PASSWORD=/x+y=\n", 2, "FROM scratch\nENV SSL_KEY=/etc/ssl/server.pem\n"),
        ("SecretsUsedInArgOrEnv", "FROM scratch\nENV LDAP_ROOTPASS=x\n", 2, "FROM scratch\nENV PASS_THROUGH=x BYPASS=y COMPASS=z\n"),
        ("SecretsUsedInArgOrEnv", "FROM scratch\nENV PGPASSWORD=x\n", 2, "FROM scratch\nENV PGPASSFILE=/x PASSWORDS_FILE=/y\n"),
        ("SecretLiteral", "FROM scratch\nRUN aws AKIAIOSFODNN7ABCDEFG\n", 2, "FROM scratch\nRUN aws AKIAIOSFODNN7EXAMPLE https://example.org/a@b\n"),
        ("SecretLiteral", "FROM scratch\nRUN curl -u me:hunter2 x\n", 2, "FROM scratch\nRUN curl -u me:$PASS x\n"),
        ("SecretLiteral", "FROM scratch\nENV URL=postgres://me:hunter2@db/x\n", 2, "FROM scratch\nRUN DATABASE_URL=postgres://user:pass@127.0.0.1/x rails assets:precompile\n"),
        ("SecretFileCopied", "FROM scratch\nCOPY .env /app/\n", 2, "FROM scratch\nCOPY .env.example /app/\n"),
        ("RootUser", "FROM alpine:3\nUSER app\nUSER root\n", 3, "FROM alpine:3\nUSER root\nUSER app\n"),
        ("UserMissing", "FROM alpine:3\nCMD [\"x\"]\n", 1, "FROM gcr.io/distroless/static:nonroot\nCMD [\"x\"]\n"),
        ("UserNotNumeric", "FROM alpine:3\nUSER app\n", 2, "FROM alpine:3\nUSER 1000:1000\n"),
        ("SudoUsed", "FROM alpine:3\nRUN sudo make\n", 2, "FROM alpine:3\nRUN apk add --no-cache sudo\n"),
        ("UserAddHighUid", "FROM alpine:3\nRUN useradd -u 1234567 x\n", 2, "FROM alpine:3\nRUN useradd -lu 1234567 x; useradd -u 1000 y\n"),
        ("AddInsteadOfCopy", "FROM scratch\nADD a /b\n", 2, "FROM scratch\nADD rootfs.tar.xz /\n"),
        ("AddRemoteUrl", "FROM scratch\nADD https://x/y /y\n", 2, "FROM scratch\nADD --checksum=sha256:aa https://x/y /y\nADD https://x/y.git /z\nADD https://x/y.git#v1 /w\nADD git://x/y /v\n"),
        ("AddRemoteUrl", "FROM scratch\nADD https://raw.githubusercontent.com/x/y/main/z /z\n", 2, "FROM scratch\nADD --checksum=sha256:aa https://x.github.io/y /y\n"),
        ("CopyDestinationNotFolder", "FROM scratch\nCOPY a b /c\n", 2, "FROM scratch\nCOPY a b /c/\n"),
        ("CopyDestinationNotFolder", "FROM scratch\nWORKDIR /app\nCOPY a b /app/c\n", 3, "FROM scratch\nWORKDIR /app/\nCOPY a b /app\n"),
        ("CopyRelativeDestination", "FROM alpine:3\nCOPY a b\n", 2, "FROM alpine:3\nWORKDIR /x\nCOPY a b\n"),
        ("CopyRelativeDestination", "FROM alpine:3 AS a\nFROM a\nADD a b\n", 3, "FROM scratch\nCOPY a b\n"),
        ("CacheBustingOrder", "FROM node:20\nWORKDIR /x\nCOPY . .\nRUN npm ci\n", 3, "FROM node:20\nWORKDIR /x\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"),
        ("OwnershipLayer", "FROM alpine:3\nCOPY a /app/\nRUN chown -R 1:1 /app\n", 3, "FROM alpine:3\nCOPY a /app/\nRUN chown -R 1:1 /data\n"),
        ("WorldWritable", "FROM alpine:3\nRUN chmod -R 777 /x\n", 2, "FROM alpine:3\nRUN chmod 1777 /x; chmod 755 /y\n"),
        ("PackageListsLeft", "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends x\n", 2, "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends x && rm -rf /var/lib/apt/lists/*\n"),
        ("PackageListsLeft", "FROM debian:12 AS a\nFROM debian:12\nRUN apt-get update; apt-get install -qq x\n", 3, "FROM debian:12 AS a\nRUN apt-get update; apt-get install -qq x\nFROM scratch\nCOPY --from=a /x /x\n"),
        ("PackageListsLeft", "FROM debian:12\nRUN --mount=type=cache,target=/x apt-get update && apt-get install -y x\n", 2, "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y x\n"),
        ("PackageListsLeft", "FROM debian:12\nRUN apt-get update; apt-get install -y x; apt-get clean\n", 2, "FROM debian:13\nRUN apt-get update; apt-get install -y x; apt-get dist-clean\n"),
        ("PackageListsLeft", "FROM debian:12\nRUN apt-get update; apt-get install -y x; rm -rf /var/{cache,log}/apt\n", 2, "FROM debian:12\nRUN apt-get update; apt-get install -y x; rm -rf /var/lib/{apt,dpkg}/\n"),
        ("PackageListsLeft", "FROM debian:12\nRUN <<EOF\ncat >/x <<'I N'\nrm -rf /var/lib/apt/lists\nI N\napt-get update; apt-get install -y x\nEOF\n", 2, "FROM debian:12\nRUN <<EOF\napt-get update; apt-get install -y x\ncat >/x <<'I N'\nit's\nI N\nrm -rf /var/lib/apt/lists\nEOF\n"),
        ("PackageCacheLeft", "FROM alpine:3\nRUN apk add curl\n", 2, "FROM alpine:3\nRUN apk add --no-cache --virtual .deps curl\n"),
        ("PackageCacheLeft", "FROM fedora:40\nRUN dnf install -y curl\n", 2, "FROM fedora:40\nRUN dnf install -y curl && dnf clean all\n"),
        ("PackageCacheLeft", "FROM python:3.12\nRUN python -m pip install -r r.txt\n", 2, "FROM python:3.12\nENV PIP_NO_CACHE_DIR=1\nRUN pip install -r r.txt\n"),
        ("PackageCacheLeft", "FROM python:3.12\nRUN pip install -r r.txt && pip cache info\n", 2, "FROM python:3.12\nRUN pip install -r r.txt && pip cache purge\n"),
        ("PackageCacheLeft", "FROM alpine:3\nRUN apk add --virtual .run x\n", 2, "FROM alpine:3\nRUN apk add --no-network --virtual .run x\n"),
        ("UpdateAlone", "FROM debian:12\nRUN apt-get update\n", 2, "FROM debian:12\nRUN apt-get update && apt-get install -y x\n"),
        ("PromptsInBuild", "FROM debian:12\nRUN apt-get install x\n", 2, "FROM debian:12\nRUN apt-get -qqy install x\n"),
        ("PromptsInBuild", "FROM fedora:40\nRUN <<EOF\nset -e\ndnf install x\nEOF\n", 2, "FROM opensuse/leap:15\nRUN zypper -n in x\n"),
        ("PromptsInBuild", "FROM fedora:40\nRUN dnf install x\n", 2, "FROM fedora:40\nRUN echo assumeyes=1 >> /etc/dnf/dnf.conf\nRUN dnf install x\n"),
        ("PromptsInBuild", "FROM debian:12\nRUN echo 'APT::Install-Recommends 0;' > /x\nRUN apt-get install x\n", 3, "FROM debian:12\nCOPY <<EOF /etc/apt/apt.conf.d/9yes\nAPT::Get::Assume-Yes \"true\";\nEOF\nRUN apt-get install x\n"),
        ("NoInstallRecommends", "FROM debian:12\nRUN apt-get install -y x\n", 2, "FROM debian:12\nRUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/x\nRUN apt-get install -y x\n"),
        ("AptInsteadOfAptGet", "FROM debian:12\nRUN apt install -y x\n", 2, "FROM debian:12\nRUN apt-cache policy x\n"),
        ("DistributionUpgrade", "FROM debian:12\nRUN apt-get dist-upgrade -y\n", 2, "FROM debian:12\nRUN apt-get upgrade -y\n"),
        ("PackageNotPinned", "FROM python:3.12\nRUN pip install flask\n", 2, "FROM python:3.12\nRUN pip install flask==3.0 ./x.whl -r r.txt --upgrade pip\n"),
        ("PackageNotPinned", "FROM node:20\nRUN npm install -g @a/b\n", 2, "FROM node:20\nRUN npm install -g @a/b@1.2 && npm ci\n"),
        ("PackageNotPinned", "FROM python:3.12\nRUN pip install --find-links /w app\n", 2, "FROM python:3.12\nRUN pip install --no-index --find-links /w app\n"),
        ("SystemPackageNotPinned", "FROM alpine:3\nRUN apk add curl\n", 2, "FROM alpine:3\nRUN apk add curl=8.1\n"),
        ("VerificationDisabled", "FROM alpine:3\nRUN curl -sSLk https://x -o y\n", 2, "FROM alpine:3\nRUN curl -fsSL https://x -o /k\n"),
        ("RemoteScriptRun", "FROM alpine:3\nRUN curl x | bash -s -- y\n", 2, "FROM alpine:3\nRUN curl x | python3 -c 'import json'\n"),
        ("RemoteScriptRun", "FROM alpine:3\nRUN sh -c \"$(wget -qO- x)\"\n", 2, "FROM alpine:3\nRUN curl -o x y && sha256sum -c z && sh x\n"),
        ("PipefailMissing", "FROM alpine:3\nRUN wget -qO- x | tar xz\n", 2, "FROM alpine:3\nRUN set -o pipefail; wget -qO- x | tar xz\nRUN echo a | sha256sum -c\n"),
        ("CdInRun", "FROM alpine:3\nRUN cd /x && make\n", 2, "FROM alpine:3\nRUN make && cd /x\n"),
        ("PointlessCommand", "FROM alpine:3\nRUN vim x\n", 2, "FROM alpine:3\nRUN apk add --no-cache vim\n"),
        ("WgetAndCurl", "FROM alpine:3\nRUN curl x\nRUN wget x\n", 3, "FROM alpine:3\nRUN curl x\nRUN curl y\n"),
        ("ShellLink", "FROM alpine:3\nRUN ln -sf /bin/bash /bin/sh\n", 2, "FROM alpine:3\nRUN ln -s /bin/sh /bin/x\n"),
        ("ConsecutiveRun", "FROM alpine:3\nRUN a\nRUN b\n", 3, "FROM alpine:3\nRUN a\nUSER x\nRUN b\n"),
        ("JSONArgsRecommended", "FROM alpine:3\nCMD npm start\n", 2, "FROM alpine:3\nSHELL [\"/bin/bash\", \"-c\"]\nCMD npm start\n"),
        ("JSONArgsRecommended", "FROM alpine:3\nCMD exec a; b\n", 2, "FROM alpine:3\nCMD exec gunicorn --bind :$PORT main:app\n"),
        ("EntrypointIgnoresCmd", "FROM alpine:3\nENTRYPOINT x\nCMD [\"y\"]\n", 2, "FROM alpine:3\nENTRYPOINT [\"x\"]\nCMD [\"y\"]\n"),
        ("MultipleInstructionsDisallowed", "FROM alpine:3\nCMD [\"x\"]\nCMD [\"y\"]\n", 2, "FROM alpine:3 AS a\nCMD [\"x\"]\nFROM a\nCMD [\"y\"]\n"),
        ("WorkdirRelativePath", "FROM alpine:3\nWORKDIR app\n", 2, "FROM alpine:3\nWORKDIR /a\nWORKDIR b\n"),
        ("WorkdirRelativePath", "FROM alpine:3\nWORKDIR app$X\n", 2, "FROM public.ecr.aws/lambda/python:3.12\nWORKDIR ${LAMBDA_TASK_ROOT}\n"),
        ("WorkdirRelativePath", "FROM alpine:3\nWORKDIR app\n", 2, "# escape=`\nFROM me/base:1\nWORKDIR C:\\app\n"),
        ("WorkdirRelativePath", "FROM scratch\nWORKDIR $X\n", 2, "FROM mcr.microsoft.com/dotnet/framework/aspnet:4.8\nWORKDIR C:/inetpub\n"),
        ("ExposeInvalidPort", "FROM alpine:3\nEXPOSE 80/http\n", 2, "FROM alpine:3\nARG P\nEXPOSE 80-90/udp $P\n"),
        ("ExposeInvalidPort", "FROM alpine:3\nENV P=x\nEXPOSE $P/tcp\n", 3, "FROM alpine:3\nEXPOSE ${PORT}/tcp\n"),
        ("ExposeProtoCasing", "FROM alpine:3\nEXPOSE 80/TCP\n", 2, "FROM alpine:3\nEXPOSE 80/tcp\n"),
        ("ExposeInvalidFormat", "FROM alpine:3\nEXPOSE 127.0.0.1:80:80\n", 2, "FROM alpine:3\nEXPOSE 80\n"),
        ("LabelInvalid", "FROM alpine:3\nLABEL My.Key=x\n", 2, "FROM alpine:3\nLABEL org.opencontainers.image.title=\"x\"\n"),
        ("HealthcheckMissing", "FROM alpine:3\nCMD [\"x\"]\n", 1, "FROM alpine:3\nHEALTHCHECK NONE\nCMD [\"x\"]\n"),
        ("InvalidDefinitionDescription", "# something\n\n# other\nARG X\nFROM scratch\n", 4, "#\n# X is it\nARG X\nFROM scratch\n"),
    ];

    private static readonly (string Name, string Text)[] Good =
    [
        ("go", """""
        # syntax=docker/dockerfile:1
        ARG GO_VERSION=1.23.4
        FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-alpine AS build
        ARG TARGETOS TARGETARCH
        WORKDIR /src
        RUN apk add --no-cache git ca-certificates
        COPY go.mod go.sum ./
        RUN --mount=type=cache,target=/go/pkg/mod go mod download
        COPY cmd ./cmd
        RUN --mount=type=cache,target=/root/.cache/go-build <<EOF
        set -eu
        CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/app ./cmd/app
        EOF

        FROM gcr.io/distroless/static-debian12:nonroot
        COPY --from=build /out/app /app
        USER 65532
        EXPOSE 8080/tcp
        HEALTHCHECK --interval=30s CMD ["/app", "health"]
        ENTRYPOINT ["/app"]
        """""),
        ("redis", """""
        FROM debian:bookworm-slim
        # add our user and group first to make sure their IDs get assigned consistently
        RUN set -eux; \
        	groupadd -r -g 999 redis; \
        	useradd -r -g redis -u 999 redis
        RUN set -eux; \
        	apt-get update; \
        	apt-get install -y --no-install-recommends \
        # add tzdata explicitly
        		tzdata \
        	; \
        	rm -rf /var/lib/apt/lists/*
        ENV GOSU_VERSION=1.17
        RUN set -eux; \
        	savedAptMark="$(apt-mark showmanual)"; \
        	apt-get update; \
        	apt-get install -y --no-install-recommends ca-certificates gnupg wget; \
        	rm -rf /var/lib/apt/lists/*; \
        	arch="$(dpkg --print-architecture | awk -F- '{ print $NF }')"; \
        	case "$arch" in \
        		'amd64') url='https://github.com/tianon/gosu/releases/download/1.17/gosu-amd64'; sha256='bbc4136d' ;; \
        		*) echo >&2 "error: unsupported architecture: '$arch'"; exit 1 ;; \
        	esac; \
        	wget -O /usr/local/bin/gosu.asc "$url.asc"; \
        	wget -O /usr/local/bin/gosu "$url"; \
        	echo "$sha256 */usr/local/bin/gosu" | sha256sum -c -; \
        	apt-mark auto '.*' > /dev/null; \
        	[ -z "$savedAptMark" ] || apt-mark manual $savedAptMark > /dev/null; \
        	apt-get purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=false; \
        	chmod +x /usr/local/bin/gosu
        RUN mkdir /data && chown redis:redis /data
        VOLUME /data
        WORKDIR /data
        COPY docker-entrypoint.sh /usr/local/bin/
        ENTRYPOINT ["docker-entrypoint.sh"]
        EXPOSE 6379
        CMD ["redis-server"]
        """""),
        ("node", """""
        # syntax=docker/dockerfile:1
        FROM node:20.11-bookworm-slim AS deps
        WORKDIR /app
        COPY --link package.json package-lock.json ./
        RUN --mount=type=cache,target=/root/.npm npm ci
        FROM deps AS build
        COPY . .
        RUN npm run build && npm prune --omit=dev
        FROM node:20.11-bookworm-slim
        ENV NODE_ENV=production
        WORKDIR /app
        COPY --from=build --chown=node:node /app/node_modules ./node_modules
        COPY --from=build --chown=node:node /app/dist ./dist
        USER node
        EXPOSE 3000
        CMD ["node", "dist/server.js"]
        """""),
        ("python", """""
        FROM python:3.12-slim
        ENV PYTHONUNBUFFERED=1 \
            PIP_NO_CACHE_DIR=1
        RUN apt-get update \
            && apt-get install -y --no-install-recommends libpq5 \
            && rm -rf /var/lib/apt/lists/*
        WORKDIR /app
        COPY requirements.txt .
        RUN pip install -r requirements.txt
        COPY . .
        RUN useradd --uid 10001 app
        USER 10001
        ENTRYPOINT ["gunicorn", "app:app"]
        """""),
        ("windows", """""
        # escape=`
        FROM mcr.microsoft.com/windows/servercore:ltsc2022
        SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
        WORKDIR C:\\app
        RUN Invoke-WebRequest https://example.org/x.zip -OutFile x.zip ; `
            Expand-Archive x.zip . ; `
            Remove-Item x.zip
        COPY app.exe ./
        USER ContainerUser
        CMD ["app.exe"]
        """""),
        ("alpine", """""
        FROM alpine:3.20 AS build
        RUN apk add --no-cache --virtual .build-deps gcc musl-dev make
        WORKDIR /src
        COPY Makefile main.c ./
        RUN make CFLAGS="-O2" && make install DESTDIR=/out
        FROM alpine:3.20
        LABEL org.opencontainers.image.title="tool" org.opencontainers.image.licenses="MIT"
        RUN addgroup -S -g 10001 app && adduser -S -u 10001 -G app app
        COPY --from=build /out/ /
        USER 10001:10001
        HEALTHCHECK --interval=30s --timeout=3s CMD wget -qO- http://127.0.0.1:8080/healthz || exit 1
        STOPSIGNAL SIGTERM
        ENTRYPOINT ["/usr/bin/tool"]
        CMD ["--help"]
        """""),
        ("dotnet", """""
        ARG DOTNET=9.0
        FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS build
        ARG TARGETARCH
        WORKDIR /src
        COPY *.csproj .
        RUN dotnet restore -a $TARGETARCH
        COPY . .
        RUN dotnet publish -a $TARGETARCH --no-restore -o /app
        FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET}
        WORKDIR /app
        COPY --from=build /app .
        USER $APP_UID
        ENTRYPOINT ["./app"]
        """""),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab review ").FullName;

    public static TheoryData<int, string> Numbers
    {
        get
        {
            TheoryData<int, string> data = [];
            for (int i = 0; i < Cases.Length; i++)
            {
                data.Add(i, Cases[i].Rule);
            }

            return data;
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_rule_finds_what_it_says_and_nothing_else(int number, string rule)
    {
        (string id, string bad, int line, string good) = Cases[number];
        LabDockerfileFinding[] found = [.. Review(bad, rule).Where(finding => finding.Rule == id)];
        Assert.True(found.Length == 1 && found[0].Line == line, $"{rule}: {string.Join("; ", found.Select(finding => finding.ToString()))}");
        Assert.True(found[0].Message.EndsWith('.') && found[0].Fix.Length > 0);
        Assert.Empty(Review(good, rule).Where(finding => finding.Rule == id).Select(finding => finding.ToString()));
    }

    [Fact]
    public void Every_rule_has_a_test() => Assert.Equal(
        ["BuildKitFinding", "CopyIgnoredFile", "CopySourceMissing", "DockerignoreInvalid", "DockerignoreMissing"], DockerfileRule.All.Select(rule => rule.Id).Except(Cases.Select(one => one.Rule)).Order());

    [Fact]
    public async Task Files_as_good_images_have_them_are_left_alone()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, ".dockerignore"), ".git\nnode_modules\n", Cancellation);
        foreach ((string name, string text) in Good)
        {
            string file = Path.Combine(folder, name + ".Dockerfile");
            await File.WriteAllTextAsync(file, text, Cancellation);
            CmdletResult result = (await CmdletRunner.RunAsync("Test-LabDockerfile", new { Path = file })).Ok();
            Assert.True(result.Output.Count == 0, $"{name}: {string.Join("; ", result.Output)}");
        }
    }

    [Theory]
    [InlineData("FROM alpine", "# hadolint ignore=DL3006\nFROM alpine")]
    [InlineData("FROM alpine", "# hadolint ignore=DL3008, ImageTagMissing\nFROM alpine")]
    [InlineData("FROM alpine", "FROM alpine\n# hadolint global ignore=DL3006\nUSER 1")]
    [InlineData("FROM alpine:3\nCMD x", "FROM alpine:3\n# check=skip=JSONArgsRecommended\nCMD x")]
    [InlineData("FROM alpine:3\nCMD x", "# check=skip=JSONArgsRecommended;error=true\nFROM alpine:3\nCMD x")]
    [InlineData("FROM alpine:3\nCMD x", "# check=skip=all\nFROM alpine:3\nCMD x")]
    [InlineData("FROM alpine:3\nCMD x", "FROM alpine:3\n# hadolint ignore=DL3025\nCMD x")]
    [InlineData("FROM debian:12\nRUN apt-get install x", "FROM debian:12\nRUN true && \\\n# hadolint ignore=DL3014\n apt-get install x")]
    public void Comments_of_both_worlds_switch_rules_off(string without, string with)
    {
        string[] rules = ["ImageTagMissing", "JSONArgsRecommended", "PromptsInBuild"];
        Assert.Single(Review(without), finding => rules.Contains(finding.Rule));
        Assert.DoesNotContain(Review(with), finding => rules.Contains(finding.Rule));
    }

    [Fact]
    public async Task A_hadolint_file_and_errors_of_check_count()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), "# check=error=true\nFROM alpine\nUSER root\nRUN cd /x && y\nMAINTAINER x\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, ".hadolint.yaml"), "ignored:\n  - DL3006\noverride:\n  error: [DL3003]\n", Cancellation);
        LabDockerfileFinding[] found = (await CmdletRunner.RunAsync("Test-LabDockerfile", location: folder)).Ok().OutputOf<LabDockerfileFinding>();
        Assert.Equal(["CdInRun High", "MaintainerDeprecated High", "RootUser Medium"], found.Select(finding => $"{finding.Rule} {finding.Severity}").Order(StringComparer.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(folder, ".hadolint.yaml"), "ignored: [\n", Cancellation);
        Assert.StartsWith("HadolintConfigInvalid", (await CmdletRunner.RunAsync("Test-LabDockerfile", location: folder)).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_context_tells_what_is_ignored_missing_and_taken_as_a_whole()
    {
        string context = Directory.CreateDirectory(Path.Combine(folder, "context")).FullName;
        await File.WriteAllTextAsync(Path.Combine(context, "a"), "a", Cancellation);
        string text = "FROM scratch\nCOPY a b /x/\nCOPY . /y/\n";
        LabDockerfileFinding[] found = [.. DockerfileReview.Review(text, new() { Context = context })];
        Assert.Equal(["CopySourceMissing 2", "DockerignoreMissing 3"], found.Select(finding => $"{finding.Rule} {finding.Line}"));
        await File.WriteAllTextAsync(Path.Combine(context, ".dockerignore"), "a\n", Cancellation);
        Assert.Equal(["CopySourceMissing 2", "CopyIgnoredFile 2"], DockerfileReview.Review(text, new() { Context = context }).Select(finding => $"{finding.Rule} {finding.Line}"));
        await File.WriteAllTextAsync(Path.Combine(context, ".dockerignore"), "[\n", Cancellation);
        Assert.Contains(DockerfileReview.Review(text, new() { Context = context }), finding => finding.Rule == "DockerignoreInvalid" && finding.Message.Contains("Line 1", StringComparison.Ordinal));
    }

    [Fact]
    public void Target_platform_and_arguments_decide()
    {
        string text = "ARG BASE=alpine\nFROM $BASE AS a\nFROM debian AS b\nFROM a\nUSER root\n";
        Assert.Equal([2, 3], Lines(new()));
        Assert.Equal([3], Lines(new() { BuildArgs = new Dictionary<string, string> { ["BASE"] = "alpine:3" } }));
        Assert.Equal([2], Lines(new() { Target = "A" }));
        Assert.DoesNotContain(DockerfileReview.Review(text, new() { Target = "b" }), finding => finding.Rule == "RootUser");
        Assert.Contains(DockerfileReview.Review("FROM x:1\nWORKDIR C:\\\\app\nRUN curl -k x\n", new() { Platform = "linux/amd64" }), finding => finding.Rule == "VerificationDisabled");
        Assert.Empty(DockerfileReview.Review("FROM x:1\nWORKDIR C:\\\\app\nRUN curl -k x\n", new() { Platform = "windows/amd64" }));

        int[] Lines(DockerfileReviewOptions options) => [.. DockerfileReview.Review(text, options).Where(finding => finding.Rule == "ImageTagMissing").Select(finding => finding.Line)];
    }

    [Fact]
    public async Task Secrets_are_shown_nowhere()
    {
        string text = "FROM alpine\nARG PASSWORD=hunter2\nENV TOKEN hunter2\nRUN curl -k -u a:hunter2 https://b:hunter2@x | sh\nADD https://b:hunter2@x/y /y\nCMD run --password hunter2\nhunter2\nENV A=hunter2 B\nLABEL X=hunter2\nWORKDIR hunter2$PASSWORD\nUSER $TOKEN\n";
        CmdletResult result = (await CmdletRunner.RunAsync("Test-LabDockerfile", new { Content = text, BuildArg = new System.Collections.Hashtable { ["PASSWORD"] = "hunter3" } })).Ok();
        Assert.True(result.Output.Count > 10);
        string all = string.Join('\n', result.Verbose.Concat(result.OutputOf<LabDockerfileFinding>().Where(finding => finding.Rule != "WorkdirRelativePath").Select(finding => JsonSerializer.Serialize(finding))));
        Assert.DoesNotContain("hunter", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paths_files_text_and_lines_all_mean_Dockerfiles()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), "FROM alpine\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "web.Dockerfile"), "FROM busybox\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "web.Dockerfile.dockerignore"), "x\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "[odd].Dockerfile"), "FROM nginx\n", Cancellation);
        Assert.Equal(["Dockerfile:1"], await PlacesAsync(null));
        Assert.Equal(["Dockerfile:1"], await PlacesAsync(new { Path = folder }));
        Assert.Equal(["[odd].Dockerfile:1", "web.Dockerfile:1"], await PlacesAsync(new { Path = "*.Dockerfile*" }));
        Assert.Equal(["[odd].Dockerfile:1"], await PlacesAsync(new { LiteralPath = "[odd].Dockerfile" }));
        Assert.Equal(["Dockerfile:1", "web.Dockerfile:1"], await PlacesAsync(null, "Dockerfile", new FileInfo(Path.Combine(folder, "web.Dockerfile"))));
        Assert.Equal([":2"], await PlacesAsync(null, "# lines", "FROM alpine", "", "USER 1"));
        Assert.Equal([":1", ":1"], await PlacesAsync(null, "FROM alpine\nUSER 1\n", "FROM busybox\nUSER 1\n"));
        Assert.Equal([":2"], await PlacesAsync(new { Content = new[] { "# x", "FROM alpine" } }));

        CmdletResult result = await CmdletRunner.RunAsync("Test-LabDockerfile", input: ["none", folder], location: folder);
        Assert.StartsWith("DockerfileNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(result.Output);

        async Task<string[]> PlacesAsync(object? parameters, params object[] input) =>
            [.. (await CmdletRunner.RunAsync("Test-LabDockerfile", parameters, input.Length > 0 ? input : null, location: folder)).Ok().OutputOf<LabDockerfileFinding>()
                .Where(finding => finding.Rule == "ImageTagMissing").Select(finding => $"{Path.GetFileName(finding.File)}:{finding.Line}")];
    }

    [Fact]
    public async Task Rules_and_severities_are_chosen()
    {
        string text = "FROM alpine\nRUN apk add curl\nCMD curl x\n";
        Assert.Equal(["ImageTagMissing", "SystemPackageNotPinned"], await RulesAsync(new { Content = text, Rule = new[] { "DL3006", "systempackage*" } }));
        Assert.DoesNotContain("ImageTagMissing", await RulesAsync(new { Content = text, ExcludeRule = "Image*" }));
        Assert.Equal(["ImageTagMissing", "JSONArgsRecommended"], await RulesAsync(new { Content = text, Severity = "Medium" }));
        ErrorRecord error = (await CmdletRunner.RunAsync("Test-LabDockerfile", new { Content = text, Rule = "ImageTagMising" })).TerminatingError!;
        Assert.Contains("'ImageTagMissing'", error.ToString(), StringComparison.Ordinal);
        ErrorRecord target = Assert.Single((await CmdletRunner.RunAsync("Test-LabDockerfile", new { Content = "FROM scratch AS build\n", Target = "biuld" })).Errors);
        Assert.StartsWith("BuildTargetNotFound", target.FullyQualifiedErrorId, StringComparison.Ordinal);

        static async Task<string[]> RulesAsync(object parameters) =>
            [.. (await CmdletRunner.RunAsync("Test-LabDockerfile", parameters)).Ok().OutputOf<LabDockerfileFinding>().Select(finding => finding.Rule)];
    }

    [Fact]
    public async Task Sarif_has_rules_results_and_places()
    {
        string sub = Directory.CreateDirectory(Path.Combine(folder, "a b")).FullName;
        await File.WriteAllTextAsync(Path.Combine(sub, "Dockerfile"), "FROM alpine\nRUN a | b && \\\n curl x | sh\nCMD x\n", Cancellation);
        CmdletResult result = (await CmdletRunner.RunAsync("Test-LabDockerfile", new { Path = sub, OutputFormat = "Sarif" }, location: folder)).Ok();
        JsonElement root = JsonDocument.Parse((string)Assert.Single(result.Output)!).RootElement, run = root.GetProperty("runs")[0];
        Assert.Equal("2.1.0", root.GetProperty("version").GetString());
        JsonElement[] rules = [.. run.GetProperty("tool").GetProperty("driver").GetProperty("rules").EnumerateArray()], results = [.. run.GetProperty("results").EnumerateArray()];
        Assert.True(results.Length > 3);
        foreach (JsonElement finding in results)
        {
            Assert.Equal(finding.GetProperty("ruleId").GetString(), rules[finding.GetProperty("ruleIndex").GetInt32()].GetProperty("id").GetString());
            Assert.Equal("a%20b/Dockerfile", finding.GetProperty("locations")[0].GetProperty("physicalLocation").GetProperty("artifactLocation").GetProperty("uri").GetString());
        }

        JsonElement region = results.Single(finding => finding.GetProperty("ruleId").GetString() == "RemoteScriptRun").GetProperty("locations")[0].GetProperty("physicalLocation").GetProperty("region");
        Assert.Equal((2, 3), (region.GetProperty("startLine").GetInt32(), region.GetProperty("endLine").GetInt32()));
        Assert.False(results.Single(finding => finding.GetProperty("ruleId").GetString() == "JSONArgsRecommended").GetProperty("properties").TryGetProperty("security-severity", out _));
    }

    [Fact]
    public Task The_page_of_the_rules_is_what_the_rules_say() => RulePage.AssertAsync(
        "dockerfile-review.md", "Test-LabDockerfile",
        """
        `Test-LabDockerfile` reviews Dockerfiles without an engine. Optional rules are looked for only where `-Rule` names them. A comment switches a rule off by any of its
        names: `# hadolint ignore=DL3006` or `# check=skip=JSONArgsRecommended` before an instruction, `# hadolint global ignore=DL3006` anywhere, `# check=skip=…` in the first
        lines. The source of this page is `DockerfileRule` in `src/CloudLab.Core/Containers/Dockerfiles`.
        """,
        DockerfileRule.All,
        """

        ## Where BuildKit's check says something else

        - BuildKit stops at the first mistake of a file and then reports nothing else; this review goes on.
        - BuildKit knows the variables of a base image. This review reports `UndefinedVar` for a stage with a base image only where the name is declared elsewhere in the file, or
          differs in a letter or two from one that is; for a stage from `scratch` it reports all.
        - Names such as `GPG_KEY`, `KEY_NAME`, `TOKEN_TTL`, `SSH_AUTH_SOCK`, and values such as `true` or a path, are not secret for `SecretsUsedInArgOrEnv`.
        - `CMD exec program` and `ENTRYPOINT exec program` are no finding of `JSONArgsRecommended`: the shell replaces itself, and signals arrive.
        - This review replaces variables in EXPOSE, too, and reviews what stands behind ONBUILD.
        - `# check=skip=…` before an instruction counts here; the BuildKit of Docker Engine 28.5 reads it only in the first lines.
        - `InvalidBaseImagePlatform` needs the image; only `-BuildKit` finds it.
        - `CopyIgnoredFile` and `InvalidDefinitionDescription` are experimental in BuildKit and off unless `# check=experimental=…` asks for them.

        """,
        ("hadolint", rule => string.Join(", ", ((DockerfileRule)rule).Hadolint)), ("BuildKit", rule => ((DockerfileRule)rule).BuildKit));

    private static IReadOnlyList<LabDockerfileFinding> Review(string text, string? rule = null) =>
        DockerfileReview.Review(text, new() { Wanted = rule is null ? one => !one.IsOptional : one => one.Id == rule });
}
